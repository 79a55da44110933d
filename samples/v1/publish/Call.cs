// Calls the published pipeline from C# (.NET 6 or later, no package), and waits for the run.
//
//   . ./published.env                        # written by publish.py
//   export AML_TOKEN=$(amlbridge token)      # in Azure: $(az account get-access-token --query accessToken -o tsv)
//   dotnet new console -o call && cp Call.cs call/Program.cs && dotnet run --project call -- [MINIMUM_QUANTITY]

using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

public record SavedDataSetReference(string Id);

public record DataSetDefinitionValue(SavedDataSetReference SavedDataSetReference);

public record DataPath(string DataStoreName, string RelativePath);

// System.Text.Json writes the names as they stand here, which are those of the service.
public record SubmitRequest(string ExperimentName, string Description)
{
    public Dictionary<string, string> Tags { get; init; } = new();
    public Dictionary<string, string> ParameterAssignments { get; init; } = new();
    public Dictionary<string, DataSetDefinitionValue> DataSetDefinitionValueAssignments { get; init; } = new();
    public Dictionary<string, DataPath> DataPathAssignments { get; init; } = new();
}

public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        try
        {
            return await Run(args.Length > 0 ? args[0] : "5");
        }
        catch (Exception error) when (error is InvalidOperationException or HttpRequestException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    private static async Task<int> Run(string minimumQuantity)
    {
        string url = Variable("PIPELINE_URL");
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Variable("AML_TOKEN"));

        var request = new SubmitRequest("billing", "Called from C#")
        {
            Tags = { ["caller"] = "csharp" },
            ParameterAssignments = { ["minimum_quantity"] = minimumQuantity },
            DataSetDefinitionValueAssignments =
            {
                ["orders_dataset"] = new DataSetDefinitionValue(new SavedDataSetReference(Variable("ORDERS_DATASET_ID"))),
            },
            DataPathAssignments =
            {
                ["prices_path"] = new DataPath(Variable("PRICES_DATASTORE"), Variable("PRICES_PATH")),
            },
        };
        using var body = new StringContent(JsonSerializer.Serialize(request), Encoding.UTF8, "application/json");
        using JsonDocument submitted = await Read(await client.PostAsync(url, body));
        string runId = submitted.RootElement.GetProperty("Id").GetString()!;
        Console.WriteLine($"pipeline run {runId}");

        int end = url.IndexOf("/PipelineRuns/", StringComparison.Ordinal);
        string runUrl = $"{url.Substring(0, end)}/PipelineRuns/{runId}";
        while (true)
        {
            using JsonDocument answer = await Read(await client.GetAsync(runUrl));
            JsonElement status = answer.RootElement.GetProperty("Status");
            // The state of the run, by its number or its name.
            string state = status.GetProperty("StatusCode").ToString();
            switch (state)
            {
                case "0" or "1" or "NotStarted" or "Running":
                    await Task.Delay(TimeSpan.FromSeconds(1));
                    break;
                case "3" or "Finished":
                    Console.WriteLine("Finished");
                    return 0;
                case "2" or "Failed":
                    Console.Error.WriteLine($"Failed: {status.GetProperty("StatusDetail")}");
                    return 1;
                default:
                    Console.Error.WriteLine($"The run ended in the state {state} (4: canceled)");
                    return 1;
            }
        }
    }

    // Of an error, the answer says what is wrong.
    private static async Task<JsonDocument> Read(HttpResponseMessage response)
    {
        using (response)
        {
            string content = await response.Content.ReadAsStringAsync();
            if (!response.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{(int)response.StatusCode}: {content}");
            }
            return JsonDocument.Parse(content);
        }
    }

    private static string Variable(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        return string.IsNullOrEmpty(value)
            ? throw new InvalidOperationException($"{name} is not set: publish.py writes published.env")
            : value;
    }
}
