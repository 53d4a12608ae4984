using System;

namespace ContactgramExample
{
    /// <summary>Whatever goes wrong between us and the server.</summary>
    public class ContactgramException : Exception
    {
        public ContactgramException(string message, Exception inner = null) : base(message, inner)
        {
        }
    }

    /// <summary>The connection failed, broke, or stayed silent for too long.</summary>
    public sealed class NoAnswerException : ContactgramException
    {
        public NoAnswerException(string message, Exception inner) : base(message, inner)
        {
        }
    }

    /// <summary>Not sent: the server failed too often just now.</summary>
    public sealed class CircuitOpenException : ContactgramException
    {
        public CircuitOpenException() : base("circuit open")
        {
        }
    }

    /// <summary>The server said no.</summary>
    public class ApiException : ContactgramException
    {
        public ApiException(int status, string description, TimeSpan? retryAfter = null) : base(status + " " + description)
        {
            Status = status;
            RetryAfter = retryAfter;
        }

        public int Status { get; }

        /// <summary>How long the server wants to be left alone, where it says so.</summary>
        public TimeSpan? RetryAfter { get; }
    }

    /// <summary>401, also with a new token: trying again won't help.</summary>
    public sealed class UnauthorizedException : ApiException
    {
        public UnauthorizedException(string description) : base(401, description)
        {
        }
    }
}
