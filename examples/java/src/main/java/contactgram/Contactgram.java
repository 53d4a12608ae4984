package contactgram;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import contactgram.ContactgramException.ApiError;
import contactgram.ContactgramException.CircuitOpen;
import contactgram.ContactgramException.NoAnswer;
import contactgram.ContactgramException.Unauthorized;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A client for the Contactgram API, to be copied into your own program together with {@link ContactgramException}. Stands for an
 * account, by OAuth2's client credentials.
 *
 * <p>It repeats only what may be repeated, keeps to the pace that the server asks for, and gives up in time. {@code Walk} shows
 * its use. Needs resilience4j and Jackson.
 *
 * <p>The JDK's client sends a GET once more by itself when a connection ends without an answer. Nothing but the system property
 * {@code jdk.httpclient.redirects.retrylimit} prevents that; {@code Walk} sets it, since it is the program's to set.
 */
public final class Contactgram {
    public record Contact(long id, String firstName, String lastName, String phoneNumber) {}

    public record Message(long messageId, long date, String text) {}

    public record Update(long updateId, Message message) {}

    private record Page(List<Contact> contacts, String nextCursor) {}

    private record Token(String value, Instant ends) {}

    /**
     * How long to try.
     *
     * @param timeout for one try
     * @param deadline for all tries of a call and the waits between them
     * @param firstWait a wait is anything between nothing and this, doubled with each try (full jitter)
     * @param breakerFailures so many in a row open the circuit
     * @param breakerRest so long nothing is sent then, and after it one try to see
     */
    public record Policy(
            int tries,
            Duration timeout,
            Duration deadline,
            Duration firstWait,
            Duration longestWait,
            int breakerFailures,
            Duration breakerRest) {
        public static Policy within(Duration timeout, Duration deadline) {
            var rest = Duration.ofSeconds(10);
            return new Policy(5, timeout, deadline, Duration.ofMillis(200), Duration.ofSeconds(5), 5, rest);
        }
    }

    /** A repeated GET, PUT or DELETE does nothing new, nor does a POST with the Idempotency-Key of its first try. */
    private static final Set<String> REPEATABLE = Set.of("GET", "PUT", "DELETE", "POST");

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final HttpClient http;
    private final String url;
    private final String client;
    private final Policy policy;
    private final CircuitBreaker breaker;
    private final BiConsumer<Duration, Throwable> onRetry;
    private Token token;
    private volatile Unauthorized refused;

    /** @param onRetry told of each wait before another try, and why */
    public Contactgram(
            String url, String clientId, String clientSecret, Policy policy, BiConsumer<Duration, Throwable> onRetry) {
        this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        this.url = url.replaceAll("/+$", "");
        this.client = Base64.getEncoder().encodeToString((clientId + ":" + clientSecret).getBytes(UTF_8));
        this.policy = policy;
        this.onRetry = onRetry;
        this.breaker = CircuitBreaker.of("contactgram", CircuitBreakerConfig.custom()
                // All of the last few: so many in a row.
                .slidingWindowSize(policy.breakerFailures)
                .minimumNumberOfCalls(policy.breakerFailures)
                .failureRateThreshold(100)
                .waitDurationInOpenState(policy.breakerRest)
                .permittedNumberOfCallsInHalfOpenState(1)
                .recordException(Contactgram::isOutage)
                .build());
    }

    /** Makes sure of a token; returns for how long it is good. Calls do so by themselves. */
    public Duration authorise() {
        accessToken(Instant.now().plus(policy.deadline), null);
        return Duration.between(Instant.now(), token.ends);
    }

    /** Adds a contact, or updates the one that has the number or user already. */
    public Contact addContact(Map<String, ?> fields) {
        return as(Contact.class, call("POST", "contacts", Map.of(), fields, Duration.ZERO));
    }

    public Contact contact(long id) {
        return as(Contact.class, call("GET", "contacts/" + id, Map.of(), null, Duration.ZERO));
    }

    /** All contacts, fetched page by page as the stream is read. */
    public Stream<Contact> contacts(int pageSize) {
        return Stream.iterate(
                        page(Map.of("limit", pageSize)),
                        Objects::nonNull,
                        page -> page.nextCursor == null
                                ? null
                                : page(Map.of("limit", pageSize, "cursor", page.nextCursor)))
                .flatMap(page -> page.contacts.stream());
    }

    private Page page(Map<String, ?> params) {
        return as(Page.class, call("GET", "contacts", params, null, Duration.ZERO));
    }

    /** Removes a contact. One that is gone already counts as removed: the answer to the first try may have got lost. */
    public void removeContact(long id) {
        try {
            call("DELETE", "contacts/" + id, Map.of(), null, Duration.ZERO);
        } catch (ApiError error) {
            if (error.status != 404) throw error;
        }
    }

    public Message sendMessage(String chatId, String text) {
        var body = Map.of("chat_id", chatId, "text", text);
        return as(Message.class, call("POST", "sendMessage", Map.of(), body, Duration.ZERO));
    }

    /** The history, newest first. */
    public List<Message> messages(int limit, int offset) {
        var params = Map.of("limit", limit, "offset", offset);
        return List.of(as(Message[].class, call("GET", "messages", params, null, Duration.ZERO)));
    }

    /**
     * Hands over what happened, oldest first, until nothing came for {@code wait}; returns how many there were.
     *
     * <p>Asking for the next ones confirms those before: what wasn't handled when the program ended comes again.
     */
    public int updates(Duration wait, Consumer<Update> handler) {
        int handled = 0;
        for (long offset = 0; ; ) {
            var params = Map.of("offset", offset, "timeout", wait.toSeconds());
            var batch = as(Update[].class, call("GET", "getUpdates", params, null, wait));
            if (batch.length == 0) return handled;
            for (var update : batch) {
                handler.accept(update);
                offset = update.updateId + 1;
                handled++;
            }
        }
    }

    /**
     * Any route or method of the API.
     *
     * @param body sent as JSON; null for none
     * @param wait how long the server may hold back its answer
     */
    public JsonNode call(String verb, String path, Map<String, ?> params, Object body, Duration wait) {
        if (refused != null) throw refused;
        var until = Instant.now().plus(policy.deadline).plus(wait);
        var timeout = policy.timeout.plus(wait);
        var request = HttpRequest.newBuilder(URI.create(url + "/v1/" + path + query(params)));
        if (verb.equals("POST")) request.header("Idempotency-Key", UUID.randomUUID().toString());
        if (body != null) request.header("Content-Type", "application/json");
        request.method(verb, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(text(body)));

        var token = accessToken(until, null);
        try {
            return tries(request.setHeader("Authorization", "Bearer " + token).build(), until, timeout);
        } catch (Unauthorized error) {
            // It may have been revoked. A new one is worth one try.
            token = accessToken(until, token);
        }
        return orRefused(request.setHeader("Authorization", "Bearer " + token).build(), until, timeout);
    }

    /** One refresh at a time: whoever comes meanwhile waits for the same token. */
    private synchronized String accessToken(Instant until, String insteadOf) {
        if (token == null || token.value.equals(insteadOf) || !Instant.now().isBefore(token.ends)) {
            var request = HttpRequest.newBuilder(URI.create(url + "/oauth/token"))
                    .header("Authorization", "Basic " + client)
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(BodyPublishers.ofString("grant_type=client_credentials"));
            var given = orRefused(request.build(), until, policy.timeout);
            // Not to the last second: it has to be good when it arrives.
            var good = Duration.ofSeconds(given.path("expires_in").asLong()).multipliedBy(9).dividedBy(10);
            token = new Token(given.path("access_token").asText(), Instant.now().plus(good));
        }
        return token.value;
    }

    /** Remembers a refusal, so that nobody knocks again and again. */
    private JsonNode orRefused(HttpRequest request, Instant until, Duration timeout) {
        try {
            return tries(request, until, timeout);
        } catch (Unauthorized error) {
            refused = error;
            throw error;
        }
    }

    /** Tries until it goes well, or a try says that more won't help, or tries or time run out. */
    private JsonNode tries(HttpRequest request, Instant until, Duration timeout) {
        var attempts = new AtomicInteger();
        var pause = new AtomicReference<Duration>();
        var retry = Retry.of("contactgram", RetryConfig.custom()
                .maxAttempts(REPEATABLE.contains(request.method()) ? policy.tries : 1)
                .retryOnException(error -> {
                    pause.set(pause(attempts.getAndIncrement(), error));
                    return mayPass(error) && Instant.now().plus(pause.get()).isBefore(until);
                })
                .intervalBiFunction((attempt, outcome) -> pause.get().toMillis())
                .build());
        retry.getEventPublisher().onRetry(event -> onRetry.accept(event.getWaitInterval(), event.getLastThrowable()));
        var guarded = CircuitBreaker.decorateSupplier(breaker, () -> {
            var left = Duration.between(Instant.now(), until);
            return attempt(request, left.compareTo(timeout) < 0 ? left : timeout);
        });
        try {
            return Retry.decorateSupplier(retry, guarded).get();
        } catch (CallNotPermittedException error) {
            throw new CircuitOpen(error);
        }
    }

    /** What the server asked for, or else a random part of what doubles with each try. */
    private Duration pause(int attempt, Throwable error) {
        if (error instanceof ApiError refusal && refusal.retryAfter >= 0) return Duration.ofSeconds(refusal.retryAfter);
        long most = Math.min(policy.longestWait.toMillis(), policy.firstWait.toMillis() << attempt);
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(most + 1));
    }

    private JsonNode attempt(HttpRequest request, Duration timeout) {
        var about = "no answer to " + request.method() + " " + request.uri().getPath() + ": ";
        var answer = http.sendAsync(request, BodyHandlers.ofString());
        try {
            // The request's own timeout is for the head alone; this one is for the body, too.
            return read(answer.get(Math.max(0, timeout.toMillis()), TimeUnit.MILLISECONDS));
        } catch (TimeoutException error) {
            answer.cancel(true);
            throw new NoAnswer(about + "within " + timeout.toMillis() / 1000.0 + " s", error);
        } catch (ExecutionException error) {
            throw new NoAnswer(about + error.getCause().getMessage(), error.getCause());
        } catch (InterruptedException error) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new ContactgramException("interrupted", error);
        }
    }

    /** The result of an answer, or the error that it is. */
    private static JsonNode read(HttpResponse<String> answer) {
        var body = json(answer.body());
        if (answer.statusCode() / 100 == 2) return body.has("ok") ? body.get("result") : body;
        var description = body.path("description").asText(body.path("error_description").asText("(no description)"));
        if (answer.statusCode() == 401) throw new Unauthorized(description);
        var inHeader = answer.headers().firstValue("Retry-After").filter(text -> text.matches("\\d{1,9}"));
        long seconds = body.path("parameters").path("retry_after").asLong(inHeader.map(Long::valueOf).orElse(-1L));
        throw new ApiError(answer.statusCode(), description, seconds);
    }

    private static boolean isOutage(Throwable error) {
        return error instanceof NoAnswer || error instanceof ApiError refusal && refusal.status >= 500;
    }

    private static boolean mayPass(Throwable error) {
        return isOutage(error) || error instanceof ApiError refusal && refusal.status == 429;
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException error) {
            return JSON.missingNode(); // Something between us and the server answered.
        }
    }

    private static String text(Object body) {
        try {
            return JSON.writeValueAsString(body);
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException("this can't be said in JSON", error);
        }
    }

    private static <T> T as(Class<T> type, JsonNode result) {
        return JSON.convertValue(result, type);
    }

    private static String query(Map<String, ?> params) {
        return params.entrySet().stream()
                .map(param -> param.getKey() + "=" + URLEncoder.encode(param.getValue().toString(), UTF_8))
                .collect(Collectors.joining("&", params.isEmpty() ? "" : "?", ""));
    }
}
