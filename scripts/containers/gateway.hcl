# For compose.yaml: agents come through the proxy, from a network that leads nowhere else.
gateway {
  state_dir = "/var/lib/trio-gate"
  listener "proxy" { bind = "0.0.0.0:8080" }
  admin {
    bind  = "0.0.0.0:9443"
    names = ["localhost"]
  }
}

credential "aws_account" "base" {
  access_key_id     = env("BASE_ACCESS_KEY_ID")
  secret_access_key = env("BASE_SECRET_ACCESS_KEY")
}

endpoint "aws_api" "main" {
  role       = "trio-gate"
  region     = "us-east-1"
  credential = aws_account.base
  accounts   = ["111111111111=prod"]
}

agent "worker" {
  key_suffix = "WORK01"
  secret     = env("TRIO_GATE_AGENT_WORKER")
}

person "alice"            { token_sha256 = env("TRIO_GATE_ALICE_SHA256") }
approver "human" "oncall" { people = [person.alice] }

rule "no secrets" { match = aws.reads_secret                action = "deny"  reason = "ask for a reference instead" }
rule "reads"      { match = aws.access in ["read", "list"]  action = "allow" }
rule "the rest"   { action = "approve"  approvers = [human.oncall] }
