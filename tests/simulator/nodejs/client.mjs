// A client of others, pointed to the simulator: it builds NetSuite's addresses itself, so only `fetch` is led elsewhere.
// Its settings come by stdin, for they hold a private key; what it got goes to stdout.
import { readFileSync } from "node:fs";
import { NetSuiteClient } from "@brokenrubik/netsuite-sdk";

const { simulator, script, ...auth } = JSON.parse(readFileSync(0, "utf8"));
const outside = globalThis.fetch;
globalThis.fetch = (address, options) => {
  const { hostname, pathname, search } = new URL(address);
  if (!hostname.endsWith(".api.netsuite.com")) throw new Error("not an address of NetSuite's");
  return outside(simulator + pathname + search, options);
};

const client = new NetSuiteClient(auth);
const got = {};
for (const [name, call] of Object.entries({
  created: () => client.records.create("customer", { companyName: "Zoë" }),
  listed: () => client.records.list("customer", { limit: 2 }),
  queried: () => client.suiteql("SELECT id FROM customer"),
  echoed: () => client.callRestlet({ scriptId: script, deployId: "1", method: "POST", body: { a: 1 } }),
})) {
  try {
    got[name] = await call();
  } catch (error) {
    got[name] = { error: error.name, status: error.status, message: error.message };
  }
}
process.stdout.write(JSON.stringify(got));
