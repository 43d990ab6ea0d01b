# An annotated configuration to start from. `trio-gate check FILE` prints what it means, or everything that is wrong with it.
# It needs one environment variable, TRIO_GATE_ALICE_SHA256; `trio-gate person new` prints its value.
#
# Durations are "30s", "10m", "12h"; sizes "64KiB", "8MiB", "1GiB". env("NAME") is an environment variable, file("PATH")
# the contents of a file. Relative paths start at this file's folder. Unknown names are errors.
# docs/configuration.md describes every setting.

gateway {
  state_dir = "./state"                              # CAs, databases, spool; readable only by the gateway's user

  # Listeners for agents. Keep the ones that you use.
  listener "proxy"    { bind = "127.0.0.1:8080" }    # HTTPS_PROXY=http://127.0.0.1:8080
  listener "tls"      { bind = "127.0.0.1:8443" }    # transparent: AWS's host names resolve to it
  listener "endpoint" { bind = "127.0.0.1:8081" }    # AWS_ENDPOINT_URL=http://127.0.0.1:8081

  # The listener for approvals and health checks (/healthz, /readyz). Always TLS.
  admin { bind = "127.0.0.1:9443" }

  # A listener that other machines can reach needs `agent` blocks (below). A proxy there should speak TLS, so that nobody
  # reads agents' tokens on the way (HTTPS_PROXY=https://gate.internal.example:3128); an endpoint listener must:
  # listener "proxy" {
  #   bind  = "0.0.0.0:3128"
  #   names = ["gate.internal.example"]
  #   tls   = true
  # }
  # listener "endpoint" {
  #   bind  = "0.0.0.0:8444"
  #   names = ["gate.internal.example"]              # the host names that it answers to
  #   tls   = true                                   # certificate by the gateway's own CA; or set `certificate` and `key`
  # }

  # decision_log = "./decisions.jsonl"               # one JSON line per decision
  # ca_file      = "./roots.pem"                     # roots that verify AWS's certificates; default: the system's

  # Limits, with their defaults.
  # record_limit              = "16GiB"              # size of the audit database; calls are refused once it is reached
  # decision_log_limit        = "1GiB"               # size of the decision log with its predecessor, FILE.1
  # held_limit                = "70MiB"              # one body that is read before the decision (Lambda code can be that large)
  # held_total                = "512MiB"             # all such bodies in memory
  # spool_limit               = "8GiB"               # bodies on disk: those over 1 MiB, and uploads that wait for approval
  # max_connections           = 1000                 # from agents; when full, an unauthenticated one is dropped for a new one
  # max_connections_per_agent = 500                  # default: half of max_connections; per address if there are no agents
  # max_pending               = 1000                 # calls that wait for approval
  # max_pending_per_agent     = 100
  # max_sessions              = 10000                # virtual sessions
  # max_sessions_per_agent    = 1000
  # max_grants                = 1000                 # grants, tasks included
  # grant_ttl                 = "30m"                # how long an approval is kept for an agent that has disconnected
  # grant_time                = "8h"                 # longest grant that a person may give
  # grant_uses                = 100                  # most calls that one grant may cover
  # deny_cooldown             = "60s"                # how long a denied call is refused without asking again
  # head_timeout              = "10s"                # for a whole request head, from its first byte
  # idle_timeout              = "60s"                # for an idle connection, or an answer that makes no progress
  # drain_timeout             = "10s"                # for running calls to end when the gateway stops
  # log_format                = "text"               # or "json"
  # log_requests              = false                # whether each request has a line in the log
  # body_rate                 = "1KiB"               # least bytes per second of a body; it may be 30 s behind
  # connect_timeout           = "10s"                # for TCP and TLS to AWS
  # answer_timeout            = "15m"                # until the first byte of AWS's answer
}

# The base key. Its only permission is to assume the role below in each account.
# Empty: the standard chain of AWS_* variables, AWS_PROFILE and the machine's role.
credential "aws_account" "base" {
  # access_key_id     = env("BASE_ACCESS_KEY_ID")
  # secret_access_key = env("BASE_SECRET_ACCESS_KEY")
  # profile           = "gate"                       # instead of the two: a profile in ~/.aws
}

# The accounts that agents may reach. An agent selects one by its placeholder key: AKIA111111111111CI01 is "prod".
endpoint "aws_api" "main" {
  role       = "trio-gate"                           # assumed in every account
  region     = "us-east-1"                           # where STS is called
  credential = aws_account.base
  accounts = [                                       # id, and after "=" a label for rules and prompts
    "111111111111=prod",
    "222222222222=staging",
  ]
  # colors      = { prod = "red" }                   # by label or id; seen wherever people decide on the page
  # hosts       = ["*.amazonaws.com"]                # only these AWS hosts; `*` is one or more labels
  # external_id = "…"                                # if the roles' trust policies require one
  # through     = "arn:aws:iam::999999999999:role/hub"   # a role that is assumed first, and assumes the others
  # These may be set for an agent and for a rule, too; the rule's count most:
  # role, external_id
  # session_policy  = file("policy.json")            # narrows the role's session to what this policy allows as well
  # duration        = "1h"                           # how long a session lives
  # tags            = { team = "data" }              # session tags; trust policies must allow sts:TagSession
  # source_identity = true                           # the agent's name; trust policies must allow sts:SetSourceIdentity
  # owned_buckets         = ["reports"]              # buckets of the account, so that aws.cross_account is known for them
  # expected_bucket_owner = true                     # or have S3 refuse buckets of other accounts
}

# Connect to some hosts at another address, such as a VPC endpoint; the name in TLS stays AWS's.
# upstream "*.s3.us-east-1.amazonaws.com" {
#   address = "10.0.0.7:443"
#   ca_file = "./private-roots.pem"
# }

# An agent with its own secret, of at least 16 characters. Its key ids end in the suffix: AKIA222222222222CI01.
# With any `agent` block, keys that belong to no agent are refused.
# agent "ci" {
#   key_suffix = "CI01"
#   secret     = env("TRIO_GATE_AGENT_CI")         # or secrets = [env("NEW"), env("OLD")] while one is replaced
#   accounts   = ["222222222222"]                    # default: all
#   certificate_authority = "agents-ca.pem"          # its connections need a client certificate of this authority
#   certificate_name      = "ci.agents.example"      # with this DNS name; or certificate_sha256 = ["…"]
#   networks   = ["10.0.0.0/8", "fd00::/8"]          # where it may call from; default: everywhere
#   rate       = 50                                  # requests a second; also burst, max_in_flight, max_connections, max_pending
# }

# Who may approve. `trio-gate person new` makes a token, which only the person keeps, and its SHA-256 for this file.
person "alice" {
  token_sha256 = env("TRIO_GATE_ALICE_SHA256")
  # kind       = "bot"                               # default: "human"
  # may_grant   = true                               # approve future calls in advance (one rule, agent and account)
  # may_observe = true                               # see every call and search the record
  # may_stop    = true                               # stop an agent, or all of them
  # may_compare = true                               # have the gateway read what is there now that a waiting call would change
}

approver "human" "oncall" {                          # humans only; approver "bot" also takes bots
  people  = [person.alice]
  quorum  = 1                                        # how many of the people must approve
  timeout = "10m"                                    # after that the call is refused
  # hold    = "5m"                                   # how long the agent is kept waiting; after that it must retry
  # notify "chat"  { slack = env("ONCALL_SLACK_URL") }                                    # notified of every question
  # notify "desk"  { webhook = "https://desk.example.com/x" secret = env("DESK_WEBHOOK_SECRET") }   # signed JSON
  # notify "pager" { program = ["/usr/local/bin/page", "oncall"] level = "danger" }         # notified of dangers
  # escalate_to    = human.leads                     # who is notified of what still waits
  # escalate_after = "3m"
}

# Rules are tried by `priority` (highest first), then in the order of this file. The first that matches decides; if none
# matches, the call is refused. A rule without `match` matches every call; `endpoints = [aws_api.main]` limits a rule. A call that
# returns credentials, tokens or passwords is refused unless the rule that allows it has `vends = true`.
# A rule may name the role that signs, or narrow its session to each call: narrow = true, narrow_also = ["kms:Decrypt"].
rule "no secrets" { match = aws.reads_secret                action = "deny"  reason = "ask for a reference instead" }
rule "reads ok"   { match = aws.access in ["read", "list"]  action = "allow" }
# rule "dangers"  { match = aws.level == "danger"             action = "approve"  approvers = [human.two, human.oncall] }
rule "the rest"   { action = "approve"  approvers = [human.oncall] }
