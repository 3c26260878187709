#!/usr/bin/env bash
# The shell loop: the AWS CLI or `vault`, and curl with a signature made by openssl. loop.sh create|update|delete < lines
# Each line: secret, account, and the four values. They stand in argv here, where every user of the machine sees them.
set -euo pipefail

quoted() { printf %s "$1" | jq -sRr @uri; }

signed_get() { # path account key secret token token-secret
  local url=$TBA_SIMULATOR$1 nonce time parameters base signature
  nonce=$(openssl rand -hex 16) time=$(date +%s)
  parameters="oauth_consumer_key=$3&oauth_nonce=$nonce&oauth_signature_method=HMAC-SHA256&oauth_timestamp=$time&oauth_token=$5&oauth_version=1.0"
  base="GET&$(quoted "$url")&$(quoted "$parameters")"
  signature=$(printf %s "$base" | openssl dgst -sha256 -hmac "$4&$6" -binary | base64)
  curl --silent --show-error --fail --retry 5 --output /dev/null --noproxy '*' "$url" \
    --header "Authorization: OAuth realm=\"$2\", $(sed 's/=/="/g; s/&/", /g' <<<"$parameters")\", oauth_signature=\"$(quoted "$signature")\""
}

while read -r secret account key consumer_secret token token_secret; do
  value="{\"account\":\"$account\",\"consumer_key\":\"$key\",\"consumer_secret\":\"$consumer_secret\",\"token_id\":\"$token\",\"token_secret\":\"$token_secret\"}"
  if [[ $1 != delete ]]; then
    for path in /rest/tokeninfo /services/rest/system/v1/serverTime; do
      signed_get $path "$account" "$key" "$consumer_secret" "$token" "$token_secret"
    done
  fi
  case ${VAULT_ADDR:+vault-}$1 in
    create) aws secretsmanager create-secret --name "$secret" --secret-string "$value" ;;
    update) aws secretsmanager put-secret-value --secret-id "$secret" --secret-string "$value" ;;
    delete) aws secretsmanager delete-secret --secret-id "$secret" --recovery-window-in-days 7 ;;
    vault-delete) vault kv delete -mount="$VAULT_MOUNT" "$secret" ;;
    vault-*) vault kv put -mount="$VAULT_MOUNT" "$secret" - <<<"$value" ;;
  esac >/dev/null </dev/null
done
