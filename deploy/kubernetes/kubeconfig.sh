#!/bin/sh
# Print a kubeconfig of the account chaosmonkey, for a server outside of the cluster.
#
#   kubeconfig.sh > kubeconfig      as administrator, after kubectl apply -f rbac-read.yaml
#
# It takes address and certificate of the cluster from kubectl's own configuration, and the token
# from the account's Secret.
set -eu
umask 077

server=$(kubectl config view --minify --raw -o 'jsonpath={.clusters[0].cluster.server}')
secret() { kubectl -n chaosmonkey get secret chaosmonkey -o "jsonpath={.data.$1}"; }
token=$(secret token | base64 -d)
certificate=$(secret 'ca\.crt')
if [ -z "$server" ] || [ -z "$token" ] || [ -z "$certificate" ]; then
  echo "kubeconfig.sh: the Secret has no token yet. Apply rbac-read.yaml, wait a second, try again." >&2
  exit 1
fi

cat <<EOF
apiVersion: v1
kind: Config
current-context: chaosmonkey
contexts: [{name: chaosmonkey, context: {cluster: table, user: chaosmonkey}}]
clusters:
- name: table
  cluster: {server: "$server", certificate-authority-data: $certificate}
users:
- name: chaosmonkey
  user: {token: $token}
EOF
