package contactgram;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * The request of the API documentation's Java snippet, to a server of your own.
 *
 * <p>The token is in the path, as there. The JDK's client in RestTemplate's place, which asks for the same with the same header.
 */
public final class Documented {
    private Documented() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        var url = System.getenv().getOrDefault("CONTACTGRAM_URL", "http://127.0.0.1:8081");
        var apiKey = System.getenv("CONTACTGRAM_TOKEN");
        long contactId = 12345L;
        var request = HttpRequest.newBuilder(URI.create(url + "/bot" + apiKey + "/contacts/" + contactId))
                .header("Accept", "application/json, application/*+json")
                .timeout(Duration.ofSeconds(10))
                .build();
        var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        System.out.println(http.send(request, BodyHandlers.ofString()).body());
    }
}
