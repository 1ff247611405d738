// azurite-container.js PORT NAME: makes a container on an Azurite on loopback, as its owner,
// whose account and key are Azurite's own and public.
const crypto = require("node:crypto");
const http = require("node:http");

const [port, name] = process.argv.slice(2);
const account = process.env.AZURE_STORAGE_ACCOUNT;
const key = Buffer.from(process.env.AZURE_STORAGE_KEY, "base64");
const date = new Date().toUTCString();
const path = `/${account}/${name}`;
const toSign = `PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:${date}\nx-ms-version:2021-12-02\n/${account}${path}\nrestype:container`;
const signature = crypto.createHmac("sha256", key).update(toSign, "utf8").digest("base64");
const request = http.request(
  {
    host: "127.0.0.1", port, method: "PUT", path: `${path}?restype=container`, timeout: 10_000,
    headers: { "x-ms-date": date, "x-ms-version": "2021-12-02", "Content-Length": 0, Authorization: `SharedKey ${account}:${signature}` },
  },
  (answer) => {
    answer.resume();
    if (answer.statusCode !== 201) {
      console.error(`azurite-container: ${answer.statusCode} ${answer.headers["x-ms-error-code"]}`);
      process.exitCode = 1;
    }
  },
);
request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
request.on("error", (err) => {
  console.error(`azurite-container: ${err.message}`);
  process.exitCode = 1;
});
request.end();
