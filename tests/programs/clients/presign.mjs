// The JavaScript SDK's presigner: `node presign.mjs MODULES BUCKET KEY` prints one JSON object of URLs by name. Sends nothing.
import { createRequire } from 'node:module';

const [modules, Bucket, Key] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const s3 = load('@aws-sdk/client-s3');
const { getSignedUrl } = load('@aws-sdk/s3-request-presigner');

const endpoint = process.env.AWS_ENDPOINT_URL;
const client = new s3.S3Client({ forcePathStyle: Boolean(endpoint) });
const commands = {
  put: new s3.PutObjectCommand({ Bucket, Key, ACL: 'private', Metadata: { who: 'agent 1+1' }, Tagging: 'a=b' }),
  put_encrypted: new s3.PutObjectCommand({ Bucket, Key, ServerSideEncryption: 'AES256' }),
  put_known: new s3.PutObjectCommand({ Bucket, Key, Body: 'hello' }),
  copy: new s3.CopyObjectCommand({ Bucket, Key: `${Key}-copy`, CopySource: `${Bucket}/${encodeURIComponent(Key)}` }),
  get: new s3.GetObjectCommand({ Bucket, Key, ResponseContentType: 'text/x-odd' }),
};
const urls = {};
for (const [name, command] of Object.entries(commands)) {
  urls[name] = await getSignedUrl(client, command, { expiresIn: 60 });
}
console.log(JSON.stringify(urls));
