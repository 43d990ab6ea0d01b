"""Rows as they are stored: packed by zlib, with a dictionary of what most rows contain.

Rule: a packed row is unpacked to exactly the bytes that were hashed. Each database keeps the dictionary that its rows were packed with,
so that DICTIONARY may change without making older rows unreadable.
"""

from __future__ import annotations

import zlib

_LEVEL = 3
"""Higher ones take longer, and save a few bytes."""

_WINDOW = 12
"""4 KiB, in which the dictionary fits. A larger window would take longer to set up than a row to pack."""

_MEMORY = 5
"""zlib's memory level that suits this window."""


class Packing:
    """Packs and unpacks rows with a dictionary. Not thread-safe."""

    def __init__(self, dictionary: bytes) -> None:
        self._dictionary = dictionary
        self._ready = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zdict=dictionary)

    def pack(self, text: bytes) -> bytes:
        """The packed form of a row's text."""
        packer = self._ready.copy()
        return packer.compress(text) + packer.flush()

    def unpack(self, packed: bytes) -> bytes:
        """The row's text. Raises ValueError if it was not packed with this dictionary."""
        unpacker = zlib.decompressobj(zdict=self._dictionary)
        try:
            text = unpacker.decompress(packed)
        except zlib.error as error:
            message = f"a row cannot be unpacked: {error}"
            raise ValueError(message) from error
        if not unpacker.eof:
            message = "a row cannot be unpacked: its end is missing"
            raise ValueError(message)
        return text


DICTIONARY = (
    b'"NextToken":"","MaxResults":100,"Limit":,"nextToken":"","Marker":"","MaxItems":,"Filters":[{"Name":"'
    b'tag:Name","Values":["running"]}],"InstanceIds":["i-0"],"InstanceType":"t3.micro","ImageId":"ami-0","'
    b'FunctionName":"","Payload":{"$bytes":{"length":,"sha256":""}},"QueueUrl":"https://sqs.","MessageBody'
    b'":"","ReceiptHandle":"","WaitTimeSeconds":20,"MaxNumberOfMessages":10,"TopicArn":"arn:aws:sns:","Mes'
    b'sage":"","Subject":"","logGroupName":"/aws/lambda/","Namespace":"AWS/","MetricName":"","RoleName":""'
    b',"RoleArn":"arn:aws:iam::","SecretId":"","KeyId":"alias/","StackName":"","clusterName":"","cluster":'
    b'"","serviceName":"","TagKeys":[],"Tags":[{"Key":"","Value":""}],"ResourceArn":"","Bucket":"","Key":"'
    b'","Prefix":"","Delimiter":"/","MaxKeys":1000,"VersionId":"","EncodingType":"url","ContentType":"","C'
    b'ontentLength":,"Body":{"$unknown":true},"ChecksumMode":"ENABLED","ChecksumAlgorithm":"CRC32","ListTy'
    b'pe":"2","TableName":"","IndexName":"","KeyConditionExpression":"#k = :k","FilterExpression":"","Proj'
    b'ectionExpression":"","UpdateExpression":"SET #n = :n","ConditionExpression":"attribute_not_exists(",'
    b'"ExpressionAttributeNames":{"#n":""},"ExpressionAttributeValues":{":v":{"S":""}},"Item":{"id":{"S":"'
    b'"},"ReturnConsumedCapacity":"TOTAL","ConsistentRead":true,"Key":{"pk":{"S":""},"sk":{"N":"{"$masked"'
    b':{"length":}}{"$cut":{"length":,"sha256":""}}{"$more":{"count":.us-west-2.eu-west-1.eu-central-1.ap-'
    b'southeast-1.api.aws.us-east-1.amazonaws.com/?"GET","HEAD","PUT","DELETE"bedrock-runtime:InvokeModel '
    b"ecr:BatchGetImage cloudformation:DescribeStacks ecs:DescribeServices lambda:InvokeFunction logs:GetL"
    b"ogEvents cloudwatch:GetMetricData iam:GetRole sns:Publish ssm:GetParameters sqs:ReceiveMessage kms:D"
    b"ecrypt sts:GetCallerIdentity ec2:DescribeInstances s3:ListBucket s3:GetObject s3:PutObject dynamodb:"
    b'BatchGetItem dynamodb:Scan dynamodb:Query dynamodb:PutItem dynamodb:UpdateItem dynamodb:GetItem "res'
    b'ources":["arn:aws:lambda:us-east-1::function:","arn:aws:sqs:us-east-1:","arn:aws:ec2:us-east-1::inst'
    b'ance/i-","*"],"arn:aws:s3:::"],"arn:aws:dynamodb:us-east-1::table/"],"act":{"about":"","answer":"app'
    b'rove","grant":{"minutes":,"predicate":null,"uses":},"kind":"exact","reason":"","status":"approved"},'
    b'"config_sha256":"","version":"","used":,"why":"used","question":"q","repeat_key":"","end":"refused",'
    b'"reason":"the request was denied by rule \\"","end":"aborted","end":"failed","error_code":"AccessDeni'
    b'ed","error_code":"ThrottlingException","error_code":"NoSuchKey","outcome":"deny","outcome":"approve"'
    b',"outcome":"refused","reason":"no rule matched","approvers":[{"kind":"human","person":"","reason":""'
    b'}],"counted":{"codes":{"403 ":1},"first":"","last":""},"kind":"refusal","kind":"intent","kind":"outc'
    b'ome","outcome":{"aws_request_id":"","bytes_in":0,"bytes_out":0,{"access":"permissions","access":"tag'
    b'ging","access":"write","access":"list",{"access":"read","access_key_suffix":"","account":"","account'
    b'_name":"prod","action":"Describe,"action":"List,"action":"Get","agent":"","agent_address":"10.0.0.1"'
    b',"agent_address":"127.0.0.1","approvers":[],"decision":{"outcome":"allow","reason":"allowed by rule '
    b'\\"reads\\"","rule":"reads"},"digest":null,"generation":1,"grant":null,"host":"s3.us-east-1.amazonaws.'
    b'com","host":"dynamodb.us-east-1.amazonaws.com","iam_action":"dynamodb:GetItem","id":"","kind":"call"'
    b',"method":"GET","method":"POST","outcome":{"aws_request_id":"","bytes_in":0,"bytes_out":0,"end":"ans'
    b'wered","error_code":null,"reason":null,"seconds":{"allowed":0.0001,"answered":0.000,"authenticated":'
    b'0.000,"aws":0.0,"credentials_ready":0.0000,"end":0.000,"identified":0.000,"signed":0.0001},"status":'
    b'200,"time":"2026-11-2027-0T1:0:0.000Z","upstream_status":200},"params":{},"partition":"aws","path":"'
    b'/","region":"us-east-1","resources":null,"schema":1,"service":"ec2","service":"s3","service":"dynamo'
    b'db","time":"2026-'
)
"""Pieces of rows for new databases; the most frequent ones are at the end, where zlib refers to them with the fewest bits."""
