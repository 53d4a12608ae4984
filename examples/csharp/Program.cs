using System;
using System.Globalization;
using System.Threading.Tasks;

namespace ContactgramExample
{
    /// <summary>The walk, or with the argument `documented` the documentation's request. README.md names the settings.</summary>
    static class Program
    {
        // Not `async`: Mono's compiler wants an entry point that is done when it returns.
        static int Main(string[] arguments)
        {
            var documented = arguments.Length > 0 && arguments[0] == "documented";
            return (documented ? DocumentedAsync() : WalkAsync()).GetAwaiter().GetResult();
        }

        private static async Task<int> WalkAsync()
        {
            var policy = new Policy
            {
                Timeout = Seconds(Setting("CONTACTGRAM_TIMEOUT", "10")),
                Deadline = Seconds(Setting("CONTACTGRAM_DEADLINE", "30")),
            };
            var url = Setting("CONTACTGRAM_URL", "http://127.0.0.1:8081");
            var id = Setting("CONTACTGRAM_CLIENT_ID");
            var secret = Setting("CONTACTGRAM_CLIENT_SECRET");
            using (var api = new Contactgram(url, id, secret, policy))
            {
                api.Waiting += (wait, error) =>
                    Console.Error.WriteLine("again in {0:0.0} s: {1}", wait.TotalSeconds, error.Message);
                try
                {
                    await Walk.RunAsync(api, Setting("CONTACTGRAM_PEER", "1234567890"));
                    return 0;
                }
                catch (ContactgramException error)
                {
                    Console.Error.WriteLine("stopped: " + error.Message);
                    return 1;
                }
            }
        }

        private static async Task<int> DocumentedAsync()
        {
            await Documented.RunAsync(Setting("CONTACTGRAM_URL", "http://127.0.0.1:8081"), Setting("CONTACTGRAM_TOKEN"));
            return 0;
        }

        private static TimeSpan Seconds(string text)
        {
            return TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));
        }

        private static string Setting(string name, string otherwise = null)
        {
            var value = Environment.GetEnvironmentVariable(name) ?? otherwise;
            if (value == null)
            {
                Console.Error.WriteLine(name + " is not set; README.md says where it comes from");
                Environment.Exit(1);
            }
            return value;
        }
    }
}
