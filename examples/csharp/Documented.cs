using System;
using System.Net.Http;
using System.Threading.Tasks;

namespace ContactgramExample
{
    /// <summary>
    /// The request of the API documentation's C# snippet, to a server of your own. The token is in the path, as there.
    /// </summary>
    static class Documented
    {
        public static async Task RunAsync(string url, string apiKey)
        {
            const long contactId = 12345L;
            using (var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) })
            using (var response = await client.GetAsync($"{url}/bot{apiKey}/contacts/{contactId}"))
            {
                var content = await response.Content.ReadAsStringAsync();
                Console.WriteLine(response.IsSuccessStatusCode ? content : $"Error: {response.StatusCode}");
            }
        }
    }
}
