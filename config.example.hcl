# trio-gate: a configuration to start from. `trio-gate check FILE` says what it means, or all that is wrong with it.
# It needs one variable: TRIO_GATE_ALICE_SHA256, which `trio-gate person new` makes.
#
# Strings stand in "…", durations are "30s" "10m" "12h", sizes "64KiB" "8MiB" "1GiB"; env("NAME") is an environment variable
# and file("PATH") the contents of a file. Relative paths start at this file's folder. Unknown names are errors.

gateway {
  state_dir = "./state"                              # CAs, audit database, spool; only this user may read it

  # Listeners for agents. Keep those that you use.
  listener "proxy"    { bind = "127.0.0.1:8080" }    # HTTPS_PROXY=http://127.0.0.1:8080
  listener "tls"      { bind = "127.0.0.1:8443" }    # transparent: AWS's host names resolve to it
  listener "endpoint" { bind = "127.0.0.1:8081" }    # AWS_ENDPOINT_URL=http://127.0.0.1:8081

  # The listener for people: approvals, health (/healthz, /readyz). Always TLS.
  admin { bind = "127.0.0.1:9443" }

  # A listener off loopback needs `agent` blocks (below), and an endpoint listener there needs TLS:
  # listener "endpoint" {
  #   bind  = "0.0.0.0:8444"
  #   names = ["gate.internal.example"]              # the Host names it answers to
  #   tls   = true                                   # signed by the gateway's own CA; or certificate = "…" and key = "…"
  # }

  # decision_log = "./decisions.jsonl"               # one JSON line for each decision
  # ca_file      = "./roots.pem"                     # roots for AWS's certificates; default: the system's

  # Limits, with their defaults.
  # record_limit       = "16GiB"                     # the audit database; at it calls are refused
  # decision_log_limit = "1GiB"                      # the decision log and its old file, FILE.1
  # held_limit      = "70MiB"                        # one body that is read before the decision, on disk until then; Lambda takes code of that size
  # held_total      = "512MiB"                       # all of them together, once they are in memory
  # spool_limit     = "8GiB"                         # all that is on disk: bodies over 1 MiB, waiting uploads
  # max_connections = 1000                           # when all are taken, one that proves nothing makes room for the next
  # max_connections_per_agent = 500                  # default: half of max_connections; of a source address where no agent is configured
  # max_pending           = 1000                     # calls that wait for people
  # max_pending_per_agent = 100
  # grant_ttl       = "30m"                          # how long an approval is kept for an agent that has left
  # grant_time      = "8h"                           # the most that a person may grant: for how long,
  # grant_uses      = 100                            # and how many calls
  # deny_cooldown   = "60s"                          # how soon a denied call may be asked about again
  # head_timeout    = "10s"                          # a whole request head, from its first byte
  # idle_timeout    = "60s"                          # a kept connection, or an answer that does not move
  # body_rate       = "1KiB"                         # what a body must bring a second; it may be half a minute behind
  # connect_timeout = "10s"                          # TCP and TLS to AWS
  # answer_timeout  = "15m"                          # the first byte of AWS's answer
}

# The base key, which may do one thing: assume the role below in each account.
# Left empty it is the standard chain: AWS_* variables, AWS_PROFILE, the machine's role.
credential "aws_account" "base" {
  # access_key_id     = env("BASE_ACCESS_KEY_ID")
  # secret_access_key = env("BASE_SECRET_ACCESS_KEY")
  # profile           = "gate"                       # instead of the two: a profile of ~/.aws
}

# The accounts that agents may reach. An agent names one in its placeholder key: AKIA111111111111XXXX is "prod".
endpoint "aws_api" "main" {
  role       = "trio-gate"                           # assumed in every account
  region     = "us-east-1"                           # where STS is called
  credential = aws_account.base
  accounts = [                                       # ids, with a label for rules and prompts
    "111111111111=prod",
    "222222222222=staging",
  ]
  # hosts       = ["*.amazonaws.com"]                # narrows the AWS hosts that may be called; `*` is one or more labels
  # external_id = "…"                                # if the roles' trust policies ask for one
}

# Dial some hosts elsewhere, as a VPC endpoint or a stand-in for tests; their TLS name stays the same.
# upstream "*.s3.us-east-1.amazonaws.com" {
#   address = "10.0.0.7:443"
#   ca_file = "./private-roots.pem"
# }

# An agent that proves itself with a secret of its own, of at least 16 characters: its keys end in the suffix
# (AKIA222222222222CI01). With one `agent` block, keys of no agent are refused.
# agent "ci" {
#   key_suffix = "CI01"
#   secret     = env("TRIO_GATE_AGENT_CI")
#   accounts   = ["222222222222"]                    # default: all
# }

# Who may approve. `trio-gate person new` makes a token, which is the person's own, and its SHA-256, which stands here.
person "alice" {
  token_sha256 = env("TRIO_GATE_ALICE_SHA256")
  # kind       = "bot"                               # default: "human"
  # may_grant   = true                               # approve calls to come, of one rule, agent and account
  # may_observe = true                               # see every call, and search the record
  # may_stop    = true                               # have an agent's calls, or all, refused until that is lifted
}

approver "human" "oncall" {                          # takes no bots; approver "bot" does
  people  = [person.alice]
  quorum  = 1                                        # how many of them must approve
  timeout = "10m"                                    # then nobody answered, and the call was not made
  # hold    = "5m"                                   # how long the agent is kept waiting; then it may come again
  # notify  = ["/usr/local/bin/page", "oncall"]      # run when a call waits and nobody is connected, with four arguments
                                                     # more: the prompt's id, account, operation and link
}

# Rules: higher `priority` first, then the file's order; the first that holds decides, and none means no.
# A rule without `match` always holds; `endpoints = [aws_api.main]` limits it. A call that returns credentials, tokens or
# passwords needs `vends = true` in the rule that allows it.
rule "no secrets" { match = aws.reads_secret                action = "deny"  reason = "ask for a reference instead" }
rule "reads ok"   { match = aws.access in ["read", "list"]  action = "allow" }
rule "the rest"   { action = "approve"  approvers = [human.oncall] }
