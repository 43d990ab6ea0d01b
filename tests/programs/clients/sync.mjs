// The AWS SDK for JavaScript brings a tree to S3 and back: `node sync.mjs MODULES SOURCE TARGET BUCKET PREFIX [others]`. Small files go as
// Buffers and as streams by turns, the rest by lib-storage in parts; with `others`, DynamoDB and STS are called once. The SDK knows no proxy
// variables, so a proxy is an agent that is handed to it.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [modules, source, target, Bucket, prefix, others] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { S3Client, PutObjectCommand, GetObjectCommand, paginateListObjectsV2 } = load('@aws-sdk/client-s3');
const { DynamoDBClient, PutItemCommand, GetItemCommand } = load('@aws-sdk/client-dynamodb');
const { STSClient, GetCallerIdentityCommand } = load('@aws-sdk/client-sts');
const { Upload } = load('@aws-sdk/lib-storage');
const { HttpsProxyAgent } = load('hpagent');

const SMALL = 400_000;
const AT_ONCE = 8;
const common = {};
if (process.env.HTTPS_PROXY) {
  const ca = await readFile(process.env.NODE_EXTRA_CA_CERTS);
  common.requestHandler = { httpsAgent: new HttpsProxyAgent({ proxy: process.env.HTTPS_PROXY, ca, keepAlive: true }) };
}
const client = new S3Client({ ...common, forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL) });

async function up(path, number) {
  const where = join(source, path);
  const { size } = await stat(where);
  const place = { Bucket, Key: prefix + path };
  if (size > SMALL) {
    await new Upload({ client, params: { ...place, Body: createReadStream(where) } }).done();
  } else if (number % 2) {
    await client.send(new PutObjectCommand({ ...place, Body: await readFile(where) }));
  } else {
    await client.send(new PutObjectCommand({ ...place, Body: createReadStream(where), ContentLength: size }));
  }
}

async function down(path) {
  const where = join(target, path);
  await mkdir(dirname(where), { recursive: true });
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: prefix + path }));
  await pipeline(Body, createWriteStream(where));
}

async function each(paths, go) {
  const rest = paths.entries();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const [number, path] of rest) await go(path, number);
  }));
}

const entries = await readdir(source, { recursive: true, withFileTypes: true });
const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(source, join(entry.parentPath ?? entry.path, entry.name)));
await each(paths, up);
const listed = [];
for await (const page of paginateListObjectsV2({ client, pageSize: 100 }, { Bucket, Prefix: prefix })) {
  listed.push(...(page.Contents ?? []).map((entry) => entry.Key.slice(prefix.length)));
}
if (JSON.stringify(listed.toSorted()) !== JSON.stringify(paths.toSorted())) throw new Error('listed otherwise');
await each(listed, down);

if (!others) process.exit();
const table = new DynamoDBClient(common);
await table.send(new PutItemCommand({ TableName: 'orders', Item: { id: { S: prefix }, n: { N: '3' } } }));
const { Item } = await table.send(new GetItemCommand({ TableName: 'orders', Key: { id: { S: prefix } } }));
if (Item.n.N !== '3') throw new Error('DynamoDB has another item');
console.log((await new STSClient(common).send(new GetCallerIdentityCommand({}))).Arn);
