package contactgram;

import contactgram.Contactgram.Policy;
import contactgram.Contactgram.Update;
import java.time.Duration;
import java.util.Map;

/**
 * A walk through the API: a contact, a message, the history, updates, and everything tidied up again.
 *
 * <p>README.md names the command that runs it, and its settings. What the client does with faults is in {@link Contactgram}.
 */
public final class Walk {
    private Walk() {}

    public static void main(String[] arguments) {
        // Or the JDK's client sends a GET again by itself when a connection ends without an answer: only one layer retries.
        System.setProperty("jdk.httpclient.redirects.retrylimit", "1");
        var policy = Policy.within(
                seconds(setting("CONTACTGRAM_TIMEOUT", "10")), seconds(setting("CONTACTGRAM_DEADLINE", "30")));
        var api = new Contactgram(
                setting("CONTACTGRAM_URL", "http://127.0.0.1:8081"),
                setting("CONTACTGRAM_CLIENT_ID", null),
                setting("CONTACTGRAM_CLIENT_SECRET", null),
                policy,
                (wait, error) ->
                        System.err.printf("again in %.1f s: %s%n", wait.toMillis() / 1000.0, error.getMessage()));
        try {
            walk(api, setting("CONTACTGRAM_PEER", "1234567890"));
        } catch (ContactgramException error) {
            System.err.println("stopped: " + error.getMessage());
            System.exit(1);
        }
    }

    private static void walk(Contactgram api, String peer) {
        System.out.println("token: good for " + (api.authorise().toSeconds() > 60 ? "a while" : "a moment"));
        var contact = api.addContact(
                Map.of("phone_number", "+447700900555", "first_name", "Ann", "last_name", "Example"));
        System.out.println("contact added: " + contact.firstName() + " " + contact.lastName());
        try {
            talk(api, peer, contact.id());
        } catch (ContactgramException error) {
            leaveNothingBehind(api, contact.id());
            throw error;
        }
        api.removeContact(contact.id());
        System.out.println("contact removed");
    }

    private static void talk(Contactgram api, String peer, long contactId) {
        var contact = api.contact(contactId);
        System.out.println("contact fetched: " + contact.phoneNumber());

        var message = api.sendMessage(peer, "Hello from an example!");
        System.out.println("message sent: " + message.text());

        var messages = api.messages(10, 0);
        System.out.printf("messages read: %d, the newest says: %s%n", messages.size(), messages.get(0).text());

        // Pages of one, to show that there are several.
        System.out.println("contacts paged: " + api.contacts(1).count());

        int handled = api.updates(Duration.ofSeconds(1), Walk::handle);
        System.out.println("updates handled: " + handled);
    }

    private static void handle(Update update) {
        boolean isText = update.message() != null && update.message().text() != null;
        System.out.println("update: " + (isText ? update.message().text() : "something else"));
    }

    private static void leaveNothingBehind(Contactgram api, long contactId) {
        try {
            api.removeContact(contactId);
        } catch (ContactgramException error) {
            System.err.println("contact left behind: " + error.getMessage());
        }
    }

    private static Duration seconds(String text) {
        return Duration.ofMillis(Math.round(Double.parseDouble(text) * 1000));
    }

    private static String setting(String name, String otherwise) {
        var value = System.getenv().getOrDefault(name, otherwise);
        if (value == null) {
            System.err.println(name + " is not set; README.md says where it comes from");
            System.exit(1);
        }
        return value;
    }
}
