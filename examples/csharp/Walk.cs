using System;
using System.Threading.Tasks;

namespace ContactgramExample
{
    /// <summary>
    /// A walk through the API: a contact, a message, the history, updates, and everything tidied up again. What the client does
    /// with faults is in Contactgram.cs and Resilience.cs.
    /// </summary>
    static class Walk
    {
        public static async Task RunAsync(Contactgram api, string peer)
        {
            var good = await api.AuthoriseAsync();
            Console.WriteLine("token: good for " + (good.TotalSeconds > 60 ? "a while" : "a moment"));
            var ann = new Contact { PhoneNumber = "+447700900555", FirstName = "Ann", LastName = "Example" };
            var contact = await api.AddContactAsync(ann);
            Console.WriteLine("contact added: " + contact.FirstName + " " + contact.LastName);
            try
            {
                await TalkAsync(api, peer, contact.Id);
            }
            catch (ContactgramException)
            {
                await LeaveNothingBehindAsync(api, contact.Id);
                throw;
            }
            await api.RemoveContactAsync(contact.Id);
            Console.WriteLine("contact removed");
        }

        private static async Task TalkAsync(Contactgram api, string peer, long contactId)
        {
            var contact = await api.ContactAsync(contactId);
            Console.WriteLine("contact fetched: " + contact.PhoneNumber);

            var message = await api.SendMessageAsync(peer, "Hello from an example!");
            Console.WriteLine("message sent: " + message.Text);

            var messages = await api.MessagesAsync(limit: 10, offset: 0);
            Console.WriteLine("messages read: " + messages.Length + ", the newest says: " + messages[0].Text);

            // Pages of one, to show that there are several.
            var count = 0;
            await api.ContactsAsync(1, each => count++);
            Console.WriteLine("contacts paged: " + count);

            var handled = await api.UpdatesAsync(TimeSpan.FromSeconds(1), HandleAsync);
            Console.WriteLine("updates handled: " + handled);
        }

        private static Task HandleAsync(Update update)
        {
            return Console.Out.WriteLineAsync("update: " + (update.Message?.Text ?? "something else"));
        }

        private static async Task LeaveNothingBehindAsync(Contactgram api, long contactId)
        {
            try
            {
                await api.RemoveContactAsync(contactId);
            }
            catch (ContactgramException error)
            {
                Console.Error.WriteLine("contact left behind: " + error.Message);
            }
        }
    }
}
