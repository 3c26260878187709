// One NetSuite credential, typed: staged, proven by a signed call, then current.
import * as pulumi from "@pulumi/pulumi";
import * as tba from "@pulumi/tba";

const credential = {
  record: "warehouse-sync/warehouse-bot",
  owner: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  account: "1234567_SB1",
  endpoint: new pulumi.Config().get("endpoint"), // a simulator or a proxy; else the account's own
  stores: { aws: { region: "us-east-1", prefix: "netsuite/sandbox/" } },
  secret: "warehouse-bot",
};
const staged = new tba.StagedCredential("warehouse-bot", {
  ...credential,
  consumer: { env: { key: "WAREHOUSE_CONSUMER_KEY", secret: "WAREHOUSE_CONSUMER_SECRET" } },
  token: { env: { id: "WAREHOUSE_TOKEN_ID", secret: "WAREHOUSE_TOKEN_SECRET" } },
  preview: pulumi.runtime.isDryRun(), // a preview needs no values
});
const test = new tba.SmokeTest("warehouse-bot", {
  ...credential,
  role: { name: "Warehouse Integration" },
  user: { email: "integration.bot@example.com" },
  versions: staged.versions,
  fingerprint: staged.fingerprint,
});

export const location = staged.locations.apply((locations) => locations["aws"]);
export const verifiedAs = test.verifiedAs;
