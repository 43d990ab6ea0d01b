"""What `approvals.db` held when the digest's version was 1, written by that gateway: kind, id and value of each row."""

from __future__ import annotations

TABLE = (
    "CREATE TABLE kept (kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID"
)

PROMPT = (
    '{"question":{"id":"q1","digest":"8f0aa09bd61611e74b410a2d6fdd360f7363644ede28b8641a623dd852d231e9","repeat_key'
    '":"8f0aa09bd61611e74b410a2d6fdd360f7363644ede28b8641a623dd852d231e9","asked_at":"2026-03-04T05:06:07.000Z","ex'
    'pires_at":"2026-03-04T05:16:07.000Z","hold_until":"2026-03-04T05:11:07.000Z","rule":"the rest","reason":null,"'
    'approvers":[{"id":"human.oncall","people":["alice","bob"],"quorum":1,"timeout":600.0}],"account":"111111111111'
    '","account_name":"prod","agent":"ci","agent_address":"127.0.0.1","user_agent":"aws-cli/2.0","service":"sqs","o'
    'peration":"PurgeQueue","words":"purge queue","region":"us-east-1","iam_action":"s3:DeleteObject","iam_actions"'
    ':["s3:DeleteObject"],"access":"write","vends_credentials":false,"reads_secret":false,"cross_account":false,"re'
    'sources":[],"resources_total":0,"host":"s3.us-east-1.amazonaws.com","address":null,"method":"POST","path":"/",'
    '"query":"","headers":[["host","sqs.us-east-1.amazonaws.com"]],"role":"arn:aws:iam::111111111111:role/gate","pa'
    'rams":{"Name":"x"},"payload_length":3,"payload_sha256":"000000000000000000000000000000000000000000000000000000'
    '0000000000","risks":[{"code":"irreversible","text":"it may not be possible to undo it"}],"grantable":true,"not'
    '_shown":[]},"votes":[],"standing":"36cf99819d74164d0d6a896127da0ab6e699e4d006392888b78c713dd7613129"}'
)

GRANT = (
    '{"id":"g1","kind":"exact","rule":"the rest","agent":"ci","account":"111111111111","account_name":"prod","about'
    '":"PurgeQueue on sqs in us-east-1","digest":"8f0aa09bd61611e74b410a2d6fdd360f7363644ede28b8641a623dd852d231e9"'
    ',"repeat_key":"8f0aa09bd61611e74b410a2d6fdd360f7363644ede28b8641a623dd852d231e9","predicate":null,"uses":5,"us'
    'ed":0,"made_at":"2026-03-04T05:06:07.000Z","expires_at":"2026-03-04T05:36:07.000Z","by":["alice"],"standing":"'
    '36cf99819d74164d0d6a896127da0ab6e699e4d006392888b78c713dd7613129","people":["alice","bob"]}'
)

STOP = '{"agent":"ci","by":"alice","reason":"x","at":"2026-03-04T05:06:07.000Z"}'

ROWS = [("prompt", "q1", PROMPT), ("grant", "g1", GRANT), ("stop", "ci", STOP)]

STANDING = "36cf99819d74164d0d6a896127da0ab6e699e4d006392888b78c713dd7613129"
"""The fingerprint of the rule and its approvers in them."""
