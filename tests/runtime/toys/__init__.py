"""The cells of an app that tests host and reach over HTTP."""
