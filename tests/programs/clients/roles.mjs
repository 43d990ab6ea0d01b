// The AWS SDK for JavaScript in two roles, the second assumed by the first: `node roles.mjs MODULES BUCKET KEY PROFILE ROLE ROLE`, or
// without the roles by a profile. Writes an object, reads it and prints who it was. The endpoint is AWS_ENDPOINT_URL.
import { createRequire } from 'node:module';

const [modules, Bucket, Key, profile, ...roles] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { S3Client, PutObjectCommand, GetObjectCommand } = load('@aws-sdk/client-s3');
const { STSClient, GetCallerIdentityCommand } = load('@aws-sdk/client-sts');
const { fromIni, fromTemporaryCredentials } = load('@aws-sdk/credential-providers');

const assume = (masterCredentials, RoleArn) =>
  fromTemporaryCredentials({ masterCredentials, params: { RoleArn, RoleSessionName: 'javascript', DurationSeconds: 900 } });
const credentials = roles.reduce(assume, fromIni({ profile }));
const s3 = new S3Client({ credentials, forcePathStyle: true });
await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'by javascript' }));
const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
if ((await got.Body.transformToString()) !== 'by javascript') throw new Error('another content');
console.log((await new STSClient({ credentials }).send(new GetCallerIdentityCommand({}))).Arn);
