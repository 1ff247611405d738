// azurite-container.js ENDPOINT ACCOUNT KEY CONTAINER: makes a container, which there must be
// before a blob is stored. Fails if it can't.
const [endpoint, account, key, container] = process.argv.slice(2);
const url = new URL(`${endpoint}/${container}?restype=container`);
const date = new Date().toUTCString();
const version = "2021-12-02";
const signed = ["PUT", ...Array(11).fill(""), `x-ms-date:${date}`, `x-ms-version:${version}`,
  `/${account}${url.pathname}`, "restype:container"].join("\n");
const signature = require("crypto").createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
fetch(url, {
  method: "PUT",
  headers: { "x-ms-date": date, "x-ms-version": version, Authorization: `SharedKey ${account}:${signature}` },
  signal: AbortSignal.timeout(5000),
}).then(async (answer) => {
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
}).catch((err) => {
  console.error(`make the container ${container}: ${err.message}`);
  process.exit(1);
});
