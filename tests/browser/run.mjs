// SPDX-License-Identifier: MIT-0
// run.mjs NAME...: the tests NAME.test.mjs, one after the other (they measure time), in one browser.
import { after, before } from "node:test";
import { lab } from "./lab.mjs";

before(() => lab.open());
after(() => lab.close());
for (const name of process.argv.slice(2)) await import(`./${name}.test.mjs`);
