// Starts the flow in a Node-RED of its own: headless, on loopback, on a free port, with everything
// it writes in the folder that it is given. Prints {"url": "…"} when it is ready.
//
//   node start.mjs --endpoints FILE --state FOLDER [--variant NAME]
//
// FILE is the organisation's export (TOML). NAME is a file in variants/, whose changes are made to
// the flow before it starts.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));

function fail(message) {
  console.error(`start.mjs: ${message}`);
  process.exit(1);
}

/** A package, from this folder or from where the tests put it. */
function load(name) {
  const places = [here, join(here, "../../target/node-red")];
  const require = createRequire(join(here, "start.mjs"));
  try {
    return require(require.resolve(name, { paths: places }));
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    fail(`${name} is not installed; run: npm ci --prefix ${here}`);
  }
}

/** The flow with the changes of a variant; each text to be replaced must stand there once. */
function flowOf(variant) {
  const flow = JSON.parse(readFileSync(join(here, "flow.json"), "utf8"));
  if (variant === undefined) return flow;
  const file = join(here, "variants", `${variant}.json`);
  for (const { node, property, replace, by } of JSON.parse(readFileSync(file, "utf8")).changes) {
    // A property within others, such as rules.0.to.
    const path = property.split(".");
    const last = path.pop();
    const holder = path.reduce((held, key) => held?.[key], flow.find((one) => one.id === node));
    const parts = holder?.[last]?.split(replace) ?? [];
    if (parts.length !== 2) fail(`${file}: "${replace}" does not stand once in ${node}.${property}`);
    holder[last] = parts.join(by);
  }
  return flow;
}

const { values: given } = parseArgs({
  options: {
    endpoints: { type: "string" },
    state: { type: "string" },
    variant: { type: "string" },
  },
});
if (!given.endpoints || !given.state) fail("--endpoints and --state are needed");

mkdirSync(given.state, { recursive: true });
const organisation = join(given.state, "organisation.json");
const { parse } = load("smol-toml");
writeFileSync(organisation, JSON.stringify(parse(readFileSync(given.endpoints, "utf8"))));
// Read by the node that reads the organisation.
process.env.ORGANISATION = organisation;
writeFileSync(join(given.state, "flow.json"), JSON.stringify(flowOf(given.variant)));

const RED = load("node-red");
const app = load("express")();
const server = createServer(app);
RED.init(server, {
  userDir: given.state,
  flowFile: "flow.json",
  httpAdminRoot: false,
  httpNodeRoot: "/",
  disableEditor: true,
  telemetry: { enabled: false, updateNotification: false },
  externalModules: {
    palette: { allowInstall: false },
    modules: { allowInstall: false },
  },
  credentialSecret: false,
  logging: { console: { level: "warn", metrics: false, audit: false } },
});
app.use("/", RED.httpNode);

server.listen(0, "127.0.0.1", async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  await RED.start();
  // The flow reads the organisation by itself; until then it is not ready.
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(`${url}/bereit`).catch(() => undefined);
    if (answer?.ok) {
      console.log(JSON.stringify({ url }));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  fail("the flow was not ready in time");
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.closeAllConnections();
    RED.stop().finally(() => process.exit(0));
  });
}
