// Every key exists in every language with the same variables, is used, and gives a text without a gap for every number.
//
//     make page-tests

import { FluentBundle, FluentResource } from "@fluent/bundle";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const here = new URL("../", import.meta.url);
const read = (name) => readFileSync(new URL(name, here), "utf8");
const LANGUAGES = ["en", "ru", "fa"];
const resources = Object.fromEntries(LANGUAGES.map((tag) => [tag, new FluentResource(read(`texts/${tag}.ftl`))]));
const sources = ["src/", "src/screens/"].flatMap((folder) =>
  readdirSync(new URL(folder, here))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => read(folder + name)),
);

/** Names of variables, wherever they stand in a pattern. */
function variables(pattern) {
  const found = new Set();
  JSON.stringify(pattern, (_, value) => {
    if (value?.type === "var") found.add(value.name);
    return value;
  });
  return [...found].sort();
}

/** Keys to the variables of their texts. */
function keys(resource) {
  return Object.fromEntries(resource.body.map((message) => [message.id, variables(message.value)]));
}

test("every key exists once in every language, with the same variables", () => {
  const english = keys(resources.en);
  assert.ok(Object.keys(english).length > 150);
  for (const tag of LANGUAGES) {
    assert.deepEqual(keys(resources[tag]), english, tag);
    const ids = [...read(`texts/${tag}.ftl`).matchAll(/^([a-z][\w-]*) =/gm)].map((match) => match[1]);
    assert.equal(new Set(ids).size, ids.length, `${tag}: a key stands twice`);
    assert.equal(ids.length, Object.keys(english).length, `${tag}: an entry that Fluent could not read`);
  }
});

test("every key is used and every key that is used exists", () => {
  const text = sources.join("\n");
  const exact = [...text.matchAll(/["`]([a-z]+(?:-[a-z_]+)*)["`]/g)].map((match) => match[1]);
  const prefixes = [...text.matchAll(/`([a-z-]+)-\$\{/g)].map((match) => `${match[1]}-`);
  const suffixed = [...text.matchAll(/`\$\{id\}(-way)`/g)].length > 0;
  for (const key of Object.keys(keys(resources.en))) {
    const used =
      exact.includes(key) || prefixes.some((prefix) => key.startsWith(prefix)) || (suffixed && key.endsWith("-way"));
    assert.ok(used, `${key} is used nowhere`);
  }
  const known = keys(resources.en);
  for (const [, key] of text.matchAll(/\bsay\("([^"]+)"/g)) assert.ok(known[key], `${key} has no text`);
});

test("the closed set of refusals has a text for each", () => {
  const known = keys(resources.en);
  const rust = readFileSync(join(process.env.REPOSITORY, "protocol/src/problem.rs"), "utf8");
  const names = [...rust.matchAll(/Self::\w+ => "([a-z-]+)",/g)].map((match) => match[1]);
  assert.equal(names.length, 16);
  for (const name of names) assert.ok(known[`problem-${name}`], name);
});

test("every text of every language is whole for every number", () => {
  for (const tag of LANGUAGES) {
    const bundle = new FluentBundle(tag);
    bundle.addResource(resources[tag]);
    for (const [key, names] of Object.entries(keys(resources[tag]))) {
      for (const number of [0, 1, 2, 5, 9, 11, 21, 22, 600]) {
        const errors = [];
        const values = Object.fromEntries(names.map((name) => [name, NUMBERS.includes(name) ? number : "later"]));
        const text = bundle.formatPattern(bundle.getMessage(key).value, values, errors);
        assert.deepEqual(errors, [], `${tag} ${key}`);
        assert.ok(text.trim() === text && text !== "" && !text.includes("{"), `${tag} ${key}: ${text}`);
      }
    }
  }
});

test("Russian bends its words by number", () => {
  const bundle = new FluentBundle("ru", { useIsolating: false });
  bundle.addResource(resources.ru);
  const found = [1, 3, 5, 11, 21, 22].map((count) =>
    bundle.formatPattern(bundle.getMessage("place-found").value, { count }),
  );
  const ends = ["место", "места", "мест", "мест", "место", "места"];
  found.forEach((text, index) => assert.ok(text.endsWith(` ${ends[index]}.`), text));
});

const NUMBERS = ["count", "shown", "minutes", "seconds", "k", "less", "group", "position"];
