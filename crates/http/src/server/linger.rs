//! Closing without losing the answer: input that nobody read makes the kernel reset the connection, and a reset can
//! overtake the answer on its way to the client. `accept` and `connection` call it after the last byte was written.
//! It never waits longer, nor reads more, than its `Patience`.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::timeout;

/// How long a client that still sends is listened to.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub time: Duration,
    pub bytes: usize,
}

/// Discards what the peer sends until it closes its side or `patience` ends, then drops `io`.
/// The caller has already closed the writing side.
pub(super) async fn linger<T: AsyncRead + Unpin>(mut io: T, patience: Patience) {
    let mut left = patience.bytes;
    let discard = poll_fn(|cx| {
        // On the stack of this poll, not in the task: thousands of connections may linger at once.
        let mut scratch = [MaybeUninit::<u8>::uninit(); 4096];
        while left > 0 {
            let mut buffer = ReadBuf::uninit(&mut scratch);
            match Pin::new(&mut io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    left = left.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    });
    // Either way the connection is over.
    let _ = timeout(patience.time, discard).await;
}
