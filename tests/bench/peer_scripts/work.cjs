// Copyright (c) 2026 The community.balena authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The same as work.py with the JavaScript balena-sdk, which NODE_PATH leads to.

const fs = require("node:fs");
const { getSdk } = require("balena-sdk");

const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

async function work(device) {
  if (job.work === "variable") {
    for (const uuid of job.uuids) {
      await device.envVar.set(uuid, "LOG_LEVEL", job.value);
    }
  } else if (job.work === "pin") {
    await device.pinToRelease(job.uuids, job.commit);
  }
}

async function main() {
  const sdk = getSdk({ apiUrl: job.url, dataDirectory: job.folder });
  await sdk.auth.loginWithToken(job.token);
  const start = performance.now();
  await work(sdk.models.device);
  console.log((performance.now() - start) / 1000);
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
