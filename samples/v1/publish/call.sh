#!/usr/bin/env bash
# Calls the published pipeline with curl, and waits for the run.
#   . ./published.env            # written by publish.py
#   ./call.sh [MINIMUM_QUANTITY]
set -euo pipefail

: "${PIPELINE_URL:?is not set: load the file that publish.py wrote with  . ./published.env}"
minimum_quantity=${1:-5}

# On this machine:
token=${AML_TOKEN:-$(amlbridge token)}
# In Azure, signed in with `az login`:
# token=${AML_TOKEN:-$(az account get-access-token --query accessToken --output tsv)}

# Prints the answer. Of an error, the answer says what is wrong: it is shown, and the script ends.
call() {
    local answer status
    answer=$(curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' \
        --header "Authorization: Bearer $token" --header "Content-Type: application/json" "$@") || return 1
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    if [ "$status" -ge 300 ]; then
        echo "$status: $answer" >&2
        return 1
    fi
    printf '%s\n' "$answer"
}

# A field of the JSON on standard input: field Status StatusCode. With jq, the same is: jq -r .Status.StatusCode
field() {
    python3 -c 'import functools, json, sys; print(functools.reduce(dict.get, sys.argv[1:], json.load(sys.stdin)))' "$@"
}

body=$(cat <<JSON
{
    "ExperimentName": "billing",
    "Description": "Called with curl",
    "Tags": {"caller": "curl"},
    "ParameterAssignments": {"minimum_quantity": "$minimum_quantity"},
    "DataSetDefinitionValueAssignments": {
        "orders_dataset": {"SavedDataSetReference": {"Id": "$ORDERS_DATASET_ID"}}
    },
    "DataPathAssignments": {
        "prices_path": {"DataStoreName": "$PRICES_DATASTORE", "RelativePath": "$PRICES_PATH"}
    }
}
JSON
)
answer=$(call --data "$body" "$PIPELINE_URL")
run_id=$(field Id <<<"$answer")
echo "pipeline run $run_id"

# The state of the run, by its number or its name.
while true; do
    answer=$(call "${PIPELINE_URL%%/PipelineRuns/*}/PipelineRuns/$run_id")
    state=$(field Status StatusCode <<<"$answer")
    case $state in
        0 | 1 | NotStarted | Running) sleep 1 ;;
        3 | Finished) echo "Finished" && exit 0 ;;
        2 | Failed) echo "Failed: $(field Status StatusDetail <<<"$answer")" >&2 && exit 1 ;;
        *) echo "The run ended in the state $state (4: canceled)" >&2 && exit 1 ;;
    esac
done
