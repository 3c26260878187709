// One NetSuite credential in a program of your own: staged, proven by a signed call, then current.
"use strict";
const pulumi = require("@pulumi/pulumi");

class StagedCredential extends pulumi.CustomResource {
  constructor(name, inputs, options) {
    const outputs = { versions: undefined, locations: undefined, fingerprint: undefined };
    const preview = pulumi.runtime.isDryRun() || undefined; // a preview needs no values
    super("tba:index:StagedCredential", name, { preview, ...inputs, ...outputs }, options);
  }
}

class SmokeTest extends pulumi.CustomResource {
  constructor(name, inputs, options) {
    const outputs = { verified: undefined, verifiedAt: undefined, verifiedAs: undefined };
    super("tba:index:SmokeTest", name, { ...inputs, ...outputs }, options);
  }
}

const credential = {
  record: "warehouse-sync/warehouse-bot",
  owner: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  account: "1234567_SB1",
  endpoint: new pulumi.Config().get("endpoint"), // a simulator or a proxy; else the account's own
  stores: { aws: { region: "us-east-1", prefix: "netsuite/sandbox/" } },
  secret: "warehouse-bot",
};
const staged = new StagedCredential("warehouse-bot", {
  ...credential,
  consumer: { env: { key: "WAREHOUSE_CONSUMER_KEY", secret: "WAREHOUSE_CONSUMER_SECRET" } },
  token: { env: { id: "WAREHOUSE_TOKEN_ID", secret: "WAREHOUSE_TOKEN_SECRET" } },
});
const test = new SmokeTest("warehouse-bot", {
  ...credential,
  role: { name: "Warehouse Integration" },
  user: { email: "integration.bot@example.com" },
  versions: staged.versions,
  fingerprint: staged.fingerprint,
});

exports.location = staged.locations.apply((locations) => locations.aws);
exports.verifiedAs = test.verifiedAs;
