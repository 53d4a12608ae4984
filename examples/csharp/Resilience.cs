using System;
using System.Diagnostics;
using System.Threading.Tasks;

namespace ContactgramExample
{
    /// <summary>How long to try.</summary>
    public sealed class Policy
    {
        public int Tries { get; set; } = 5;

        /// <summary>For one try.</summary>
        public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

        /// <summary>For all tries of a call and the waits between them.</summary>
        public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(30);

        /// <summary>A wait is anything between nothing and this, doubled with each try (full jitter).</summary>
        public TimeSpan FirstWait { get; set; } = TimeSpan.FromMilliseconds(200);

        public TimeSpan LongestWait { get; set; } = TimeSpan.FromSeconds(5);

        /// <summary>So many in a row open the circuit.</summary>
        public int BreakerFailures { get; set; } = 5;

        /// <summary>So long nothing is sent then, and after it one try to see.</summary>
        public TimeSpan BreakerRest { get; set; } = TimeSpan.FromSeconds(10);
    }

    /// <summary>What is left of the time that a call may take.</summary>
    public sealed class Deadline
    {
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly TimeSpan total;

        public Deadline(TimeSpan total)
        {
            this.total = total;
        }

        public TimeSpan Left
        {
            get { return clock.Elapsed < total ? total - clock.Elapsed : TimeSpan.Zero; }
        }
    }

    /// <summary>Tries until it goes well, or a try says that more won't help, or tries or time run out.</summary>
    public sealed class Retry
    {
        private readonly Policy policy;
        private readonly Breaker breaker;
        private readonly Random chance = new Random();

        public Retry(Policy policy)
        {
            this.policy = policy;
            breaker = new Breaker(policy);
        }

        /// <summary>Told of each wait before another try, and why.</summary>
        public event Action<TimeSpan, Exception> Waiting;

        /// <param name="most">how many tries there may be</param>
        /// <param name="attempt">one try, which ends by itself when the time that it is given is up</param>
        public async Task<T> RunAsync<T>(int most, Deadline deadline, TimeSpan timeout, Func<TimeSpan, Task<T>> attempt)
        {
            for (var number = 1; ; number++)
            {
                TimeSpan pause;
                try
                {
                    var left = deadline.Left;
                    return await breaker.RunAsync(() => attempt(left < timeout ? left : timeout));
                }
                catch (ContactgramException error) when (MayPass(error) && number < most)
                {
                    pause = Pause(number, error);
                    if (pause >= deadline.Left)
                    {
                        throw;
                    }
                    Waiting?.Invoke(pause, error);
                }
                await Task.Delay(pause);
            }
        }

        public static bool IsOutage(Exception error)
        {
            return error is NoAnswerException || error is ApiException refusal && refusal.Status >= 500;
        }

        private static bool MayPass(Exception error)
        {
            return IsOutage(error) || error is ApiException refusal && refusal.Status == 429;
        }

        private TimeSpan Pause(int number, Exception error)
        {
            if (error is ApiException refusal && refusal.RetryAfter.HasValue)
            {
                return refusal.RetryAfter.Value;
            }
            var most = policy.FirstWait.TotalMilliseconds * Math.Pow(2, number - 1);
            lock (chance)
            {
                return TimeSpan.FromMilliseconds(chance.NextDouble() * Math.Min(most, policy.LongestWait.TotalMilliseconds));
            }
        }
    }

    /// <summary>Stands between us and a server that is down, so that neither wastes time on the other.</summary>
    public sealed class Breaker
    {
        private readonly Policy policy;
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private readonly object door = new object();
        private int failures;
        private TimeSpan closedFrom;

        public Breaker(Policy policy)
        {
            this.policy = policy;
        }

        public async Task<T> RunAsync<T>(Func<Task<T>> attempt)
        {
            Enter();
            try
            {
                var result = await attempt();
                Leave(true);
                return result;
            }
            catch (ContactgramException error)
            {
                // One that refuses is there.
                Leave(!Retry.IsOutage(error));
                throw;
            }
        }

        private void Enter()
        {
            lock (door)
            {
                if (failures < policy.BreakerFailures)
                {
                    return;
                }
                if (clock.Elapsed < closedFrom)
                {
                    throw new CircuitOpenException();
                }
                // This try is to see. The others wait for another rest, or for it to go well.
                closedFrom = clock.Elapsed + policy.BreakerRest;
            }
        }

        private void Leave(bool well)
        {
            lock (door)
            {
                failures = well ? 0 : failures + 1;
                closedFrom = clock.Elapsed + policy.BreakerRest;
            }
        }
    }
}
