// Counts tokens with the real tokenizer: a line of JSON {"text": …} in, its count out.
// `node tokens_count.mjs FOLDER` finds gpt-tokenizer in FOLDER/node_modules.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const require = createRequire(join(resolve(process.argv[2]), "anchor.js"));
const { encode } = require("gpt-tokenizer/encoding/o200k_base");
const plain = { disallowedSpecial: new Set() }; // "<|endoftext|>" in a text is just text
for await (const line of createInterface({ input: process.stdin })) {
  console.log(encode(JSON.parse(line).text, plain).length);
}
