using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ContactgramExample
{
    /// <summary>
    /// A client for the Contactgram API, to be copied into your own program together with Errors.cs, Json.cs and Resilience.cs.
    /// Stands for an account, by OAuth2's client credentials.
    /// </summary>
    /// <remarks>
    /// It repeats only what may be repeated, keeps to the pace that the server asks for, and gives up in time. Walk.cs shows its use.
    /// </remarks>
    public sealed class Contactgram : IDisposable
    {
        // A repeated GET, PUT or DELETE does nothing new, nor does a POST with the Idempotency-Key of its first try.
        private static readonly HashSet<string> Repeatable = new HashSet<string> { "GET", "PUT", "DELETE", "POST" };

        private readonly HttpClient http;
        private readonly string url;
        private readonly string client;
        private readonly Policy policy;
        private readonly Retry retry;
        private readonly SemaphoreSlim oneRefresh = new SemaphoreSlim(1);
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private string token;
        private TimeSpan tokenEnds;
        private UnauthorizedException refused;

        public Contactgram(string url, string clientId, string clientSecret, Policy policy = null)
        {
            this.url = url.TrimEnd('/');
            this.policy = policy ?? new Policy();
            client = Convert.ToBase64String(Encoding.UTF8.GetBytes(clientId + ":" + clientSecret));
            retry = new Retry(this.policy);
            // Each try is timed by itself.
            http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
            if (Type.GetType("Mono.Runtime") != null)
            {
                // Mono sends a request again by itself when a kept connection turns out to be closed: only one layer retries.
                http.DefaultRequestHeaders.ConnectionClose = true;
            }
        }

        /// <summary>Told of each wait before another try, and why.</summary>
        public event Action<TimeSpan, Exception> Waiting
        {
            add { retry.Waiting += value; }
            remove { retry.Waiting -= value; }
        }

        public void Dispose()
        {
            http.Dispose();
            oneRefresh.Dispose();
        }

        /// <summary>Makes sure of a token; returns for how long it is good. Calls do so by themselves.</summary>
        public async Task<TimeSpan> AuthoriseAsync()
        {
            await AccessTokenAsync(new Deadline(policy.Deadline));
            return tokenEnds - clock.Elapsed;
        }

        /// <summary>Adds a contact, or updates the one that has the number or user already.</summary>
        public async Task<Contact> AddContactAsync(Contact contact)
        {
            return Result<Contact>(await CallAsync(HttpMethod.Post, "contacts", contact));
        }

        public async Task<Contact> ContactAsync(long id)
        {
            return Result<Contact>(await CallAsync(HttpMethod.Get, "contacts/" + id));
        }

        /// <summary>Hands over all contacts, fetched page by page.</summary>
        public async Task ContactsAsync(int pageSize, Action<Contact> each)
        {
            string cursor = null;
            do
            {
                var path = "contacts?limit=" + pageSize + (cursor == null ? "" : "&cursor=" + Uri.EscapeDataString(cursor));
                var page = Result<ContactPage>(await CallAsync(HttpMethod.Get, path));
                foreach (var contact in page.Contacts)
                {
                    each(contact);
                }
                cursor = page.NextCursor;
            }
            while (cursor != null);
        }

        /// <summary>
        /// Removes a contact. One that is gone already counts as removed: the answer to the first try may have got lost.
        /// </summary>
        public async Task RemoveContactAsync(long id)
        {
            try
            {
                await CallAsync(HttpMethod.Delete, "contacts/" + id);
            }
            catch (ApiException error) when (error.Status == 404)
            {
            }
        }

        public async Task<Message> SendMessageAsync(string chatId, string text)
        {
            var body = new MessageToSend { ChatId = chatId, Text = text };
            return Result<Message>(await CallAsync(HttpMethod.Post, "sendMessage", body));
        }

        /// <summary>The history, newest first.</summary>
        public async Task<Message[]> MessagesAsync(int limit = 50, int offset = 0)
        {
            return Json.Read<Message[]>(await CallAsync(HttpMethod.Get, "messages?limit=" + limit + "&offset=" + offset));
        }

        /// <summary>
        /// Hands over what happened, oldest first, until nothing came for <paramref name="wait"/>; returns how many there were.
        /// </summary>
        /// <remarks>
        /// Asking for the next ones confirms those before: what wasn't handled when the program ended comes again.
        /// </remarks>
        public async Task<int> UpdatesAsync(TimeSpan wait, Func<Update, Task> handle)
        {
            var handled = 0;
            for (long offset = 0; ;)
            {
                var path = "getUpdates?offset=" + offset + "&timeout=" + (int)wait.TotalSeconds;
                var batch = Result<Update[]>(await CallAsync(HttpMethod.Get, path, null, wait));
                if (batch.Length == 0)
                {
                    return handled;
                }
                foreach (var update in batch)
                {
                    await handle(update);
                    offset = update.UpdateId + 1;
                    handled++;
                }
            }
        }

        /// <summary>Any route or method of the API; returns the answer's body.</summary>
        /// <param name="body">sent as JSON; null for none</param>
        /// <param name="wait">how long the server may hold back its answer</param>
        public async Task<string> CallAsync(HttpMethod verb, string path, object body = null, TimeSpan wait = default(TimeSpan))
        {
            if (refused != null)
            {
                throw refused;
            }
            var deadline = new Deadline(policy.Deadline + wait);
            var key = Guid.NewGuid().ToString();
            var json = body == null ? null : Json.Write(body);
            Func<string, Task<string>> withToken = bearer => TriesAsync(deadline, policy.Timeout + wait, () =>
            {
                var request = new HttpRequestMessage(verb, url + "/v1/" + path);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
                if (verb == HttpMethod.Post)
                {
                    request.Headers.Add("Idempotency-Key", key);
                }
                if (json != null)
                {
                    request.Content = new StringContent(json, Encoding.UTF8, "application/json");
                }
                return request;
            });
            var current = await AccessTokenAsync(deadline);
            try
            {
                return await withToken(current);
            }
            catch (UnauthorizedException)
            {
                // It may have been revoked. A new one is worth one try.
            }
            current = await AccessTokenAsync(deadline, current);
            return await OrRefusedAsync(withToken(current));
        }

        /// <summary>One refresh at a time: whoever comes meanwhile waits for the same token.</summary>
        private async Task<string> AccessTokenAsync(Deadline deadline, string insteadOf = null)
        {
            await oneRefresh.WaitAsync();
            try
            {
                if (token == null || token == insteadOf || clock.Elapsed >= tokenEnds)
                {
                    var given = Json.Read<GivenToken>(await OrRefusedAsync(TriesAsync(deadline, policy.Timeout, TokenRequest)));
                    token = given.AccessToken;
                    // Not to the last second: it has to be good when it arrives.
                    tokenEnds = clock.Elapsed + TimeSpan.FromSeconds(given.ExpiresIn * 0.9);
                }
                return token;
            }
            finally
            {
                oneRefresh.Release();
            }
        }

        private HttpRequestMessage TokenRequest()
        {
            var form = new Dictionary<string, string> { { "grant_type", "client_credentials" } };
            var request = new HttpRequestMessage(HttpMethod.Post, url + "/oauth/token");
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", client);
            request.Content = new FormUrlEncodedContent(form);
            return request;
        }

        /// <summary>Remembers a refusal, so that nobody knocks again and again.</summary>
        private async Task<string> OrRefusedAsync(Task<string> answer)
        {
            try
            {
                return await answer;
            }
            catch (UnauthorizedException error)
            {
                refused = error;
                throw;
            }
        }

        private Task<string> TriesAsync(Deadline deadline, TimeSpan timeout, Func<HttpRequestMessage> request)
        {
            string verb;
            using (var first = request())
            {
                verb = first.Method.Method;
            }
            var most = Repeatable.Contains(verb) ? policy.Tries : 1;
            return retry.RunAsync(most, deadline, timeout, left => TryAsync(request(), left));
        }

        private async Task<string> TryAsync(HttpRequestMessage request, TimeSpan timeout)
        {
            var about = "no answer to " + request.Method + " " + request.RequestUri.AbsolutePath + ": ";
            using (request)
            using (var tooLong = new CancellationTokenSource(timeout))
            {
                try
                {
                    // This reads the body, too.
                    using (var answer = await http.SendAsync(request, tooLong.Token))
                    {
                        return Read(answer, await answer.Content.ReadAsStringAsync());
                    }
                }
                catch (OperationCanceledException error)
                {
                    throw new NoAnswerException(about + "within " + timeout.TotalSeconds.ToString("0.0") + " s", error);
                }
                catch (HttpRequestException error)
                {
                    throw new NoAnswerException(about + error.GetBaseException().Message, error);
                }
            }
        }

        /// <summary>The body of an answer, or the error that it is.</summary>
        private static string Read(HttpResponseMessage answer, string text)
        {
            if (answer.IsSuccessStatusCode)
            {
                return text;
            }
            var refusal = ReadRefusal(text);
            var description = refusal.Description ?? refusal.ErrorDescription ?? answer.ReasonPhrase;
            if ((int)answer.StatusCode == 401)
            {
                throw new UnauthorizedException(description);
            }
            TimeSpan? retryAfter = answer.Headers.RetryAfter?.Delta;
            if (refusal.Parameters?.RetryAfter != null)
            {
                retryAfter = TimeSpan.FromSeconds(refusal.Parameters.RetryAfter.Value);
            }
            throw new ApiException((int)answer.StatusCode, description, retryAfter);
        }

        private static Refusal ReadRefusal(string text)
        {
            try
            {
                return Json.Read<Refusal>(text);
            }
            catch (SerializationException)
            {
                return new Refusal(); // Something between us and the server answered.
            }
        }

        private static T Result<T>(string text)
        {
            return Json.Read<Answer<T>>(text).Result;
        }
    }
}
