package contactgram;

/** Whatever goes wrong between us and the server. */
public class ContactgramException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ContactgramException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The connection failed, broke, or stayed silent for too long. */
    public static final class NoAnswer extends ContactgramException {
        private static final long serialVersionUID = 1;

        NoAnswer(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Not sent: the server failed too often just now. */
    public static final class CircuitOpen extends ContactgramException {
        private static final long serialVersionUID = 1;

        CircuitOpen(Throwable cause) {
            super("circuit open", cause);
        }
    }

    /** The server said no. */
    public static class ApiError extends ContactgramException {
        private static final long serialVersionUID = 1;
        public final int status;
        /** Seconds, or -1 where the server doesn't say. */
        public final long retryAfter;

        ApiError(int status, String description, long retryAfter) {
            super(status + " " + description, null);
            this.status = status;
            this.retryAfter = retryAfter;
        }
    }

    /** 401, also with a new token: trying again won't help. */
    public static final class Unauthorized extends ApiError {
        private static final long serialVersionUID = 1;

        Unauthorized(String description) {
            super(401, description, -1);
        }
    }
}
