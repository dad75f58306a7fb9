// The search. Pages work without it; it asks nobody, and loads its index when it is first wanted.
"use strict";
(() => {
  const up = document.currentScript.dataset.up;
  const MOST = 30;
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();

  const start = () => {
    const box = document.querySelector(".search");
    const input = document.getElementById("q");
    const list = document.getElementById("found");
    const count = document.getElementById("count");
    let rows = null;
    box.hidden = false;

    const load = () => {
      if (rows) return;
      rows = [];
      const script = document.createElement("script");
      script.src = up + "assets/search.js";
      script.onload = () => {
        rows = self.monocyteIndex.map(([kind, title, text, href]) => {
          const name = plain(title);
          return { kind, title, text, href, name, all: `${name} ${kind} ${plain(text)}` };
        });
        show();
      };
      document.head.append(script);
    };

    const rank = (row, words) => {
      let score = 0;
      for (const word of words) {
        if (!row.all.includes(word)) return -1;
        if (row.name === word) score += 8;
        else if (row.name.startsWith(word)) score += 4;
        else if (row.name.includes(word)) score += 2;
      }
      return score + (row.kind === "cell" ? 1 : 0);
    };

    const line = (row) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const name = document.createElement("b");
      const more = document.createElement("span");
      link.href = up + row.href;
      name.textContent = row.title;
      name.dir = more.dir = "auto";
      more.textContent = row.text ? `${row.kind}: ${row.text}` : row.kind;
      link.append(name, more);
      item.append(link);
      return item;
    };

    const show = () => {
      const words = plain(input.value).split(/\s+/).filter(Boolean);
      const found = words.length
        ? rows.map((row, at) => [rank(row, words), at, row]).filter(([score]) => score >= 0)
        : [];
      found.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
      list.replaceChildren(...found.slice(0, MOST).map(([, , row]) => line(row)));
      list.hidden = !found.length;
      count.textContent = words.length ? `${found.length} found` : "";
    };

    const close = () => {
      list.hidden = true;
    };

    input.addEventListener("focus", load);
    input.addEventListener("input", () => { load(); show(); });
    document.addEventListener("keydown", (event) => {
      const links = [...list.querySelectorAll("a")];
      const at = links.indexOf(document.activeElement);
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
        input.select();
      } else if (event.key === "Escape" && box.contains(document.activeElement)) {
        close();
        input.focus();
      } else if (event.key === "ArrowDown" && box.contains(document.activeElement) && links.length) {
        event.preventDefault();
        list.hidden = false;
        links[Math.min(at + 1, links.length - 1)].focus();
      } else if (event.key === "ArrowUp" && at >= 0) {
        event.preventDefault();
        (at ? links[at - 1] : input).focus();
      } else if (event.key === "Enter" && document.activeElement === input && links.length) {
        links[0].click();
      }
    });
    document.addEventListener("click", (event) => {
      if (!box.contains(event.target)) close();
      else if (event.target.closest("#found a")) close();
    });
  };

  // Paper cannot be clicked: what is folded away is printed, too.
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });

  start();
})();
