// The AWS SDK for JavaScript at S3 Express: `node express.mjs MODULES BUCKET KEY` writes an object and prints what it reads.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const [modules, Bucket, Key] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { S3Client, PutObjectCommand, GetObjectCommand } = load('@aws-sdk/client-s3');
const { HttpsProxyAgent } = load('hpagent');

const common = {};
if (process.env.HTTPS_PROXY) {
  const ca = await readFile(process.env.NODE_EXTRA_CA_CERTS);
  common.requestHandler = { httpsAgent: new HttpsProxyAgent({ proxy: process.env.HTTPS_PROXY, ca, keepAlive: true }) };
}
const s3 = new S3Client({ ...common, maxAttempts: 1 });
await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'by javascript' }));
console.log(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToString());
