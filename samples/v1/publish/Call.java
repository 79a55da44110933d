import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Calls the published pipeline from Java (15 or later, no library), and waits for the run.
 *
 * <pre>
 *   . ./published.env                          # written by publish.py
 *   export AML_TOKEN=$(amlbridge token)        # in Azure: $(az account get-access-token --query accessToken -o tsv)
 *   java Call.java [MINIMUM_QUANTITY]
 * </pre>
 */
public class Call {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(10))
                    .build();

    public static void main(String[] args) throws IOException, InterruptedException {
        String url = variable("PIPELINE_URL");
        String body =
                """
                {
                  "ExperimentName": "billing",
                  "Description": "Called from Java",
                  "Tags": {"caller": "java"},
                  "ParameterAssignments": {"minimum_quantity": "%s"},
                  "DataSetDefinitionValueAssignments": {
                    "orders_dataset": {"SavedDataSetReference": {"Id": "%s"}}
                  },
                  "DataPathAssignments": {
                    "prices_path": {"DataStoreName": "%s", "RelativePath": "%s"}
                  }
                }
                """
                        .formatted(
                                args.length > 0 ? args[0] : "5",
                                variable("ORDERS_DATASET_ID"),
                                variable("PRICES_DATASTORE"),
                                variable("PRICES_PATH"));
        String runId = field(ask(request(url).POST(HttpRequest.BodyPublishers.ofString(body))), 1, "Id");
        System.out.println("pipeline run " + runId);

        String runUrl = url.substring(0, url.indexOf("/PipelineRuns/")) + "/PipelineRuns/" + runId;
        while (true) {
            String answer = ask(request(runUrl).GET());
            // The state of the run, by its number or its name.
            String state = field(answer, 2, "StatusCode");
            switch (state) {
                case "0", "1", "NotStarted", "Running" -> Thread.sleep(1000);
                case "3", "Finished" -> {
                    System.out.println("Finished");
                    return;
                }
                case "2", "Failed" -> fail("Failed: " + field(answer, 2, "StatusDetail"));
                default -> fail("The run ended in the state " + state + " (4: canceled)");
            }
        }
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + variable("AML_TOKEN"))
                .header("Content-Type", "application/json");
    }

    /** Of an error, the answer says what is wrong. */
    private static String ask(HttpRequest.Builder request) throws IOException, InterruptedException {
        try {
            HttpResponse<String> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() >= 300) {
                fail(response.statusCode() + ": " + response.body());
            }
            return response.body();
        } catch (ConnectException error) {
            fail("cannot connect: is the service up, and PIPELINE_URL its address of today?");
            throw error;
        }
    }

    /**
     * The value of a field so deep in an object (1: a field of the object itself). The JDK has no reader of JSON; where
     * a library is at hand, use it.
     */
    private static String field(String json, int depth, String name) {
        Matcher tokens = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"|[\\[\\]{}]|[^\\s,:\\[\\]{}\"]+").matcher(json);
        int level = 0;
        while (tokens.find()) {
            switch (tokens.group()) {
                case "{", "[" -> level++;
                case "}", "]" -> level--;
                default -> {
                    if (level == depth && name.equals(tokens.group(1)) && tokens.find()) {
                        return tokens.group(1) != null ? tokens.group(1) : tokens.group();
                    }
                }
            }
        }
        throw new IllegalStateException("the answer has no " + name + ": " + json);
    }

    private static String variable(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            fail(name + " is not set: publish.py writes published.env, load it with  . ./published.env");
        }
        return value;
    }

    private static void fail(String message) {
        System.err.println(message);
        System.exit(1);
    }
}
