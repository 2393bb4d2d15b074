//! A thread that owns a connection and does one piece of work after the other.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
};

use futures_channel::oneshot;
use futures_util::{FutureExt, future::BoxFuture};
use store::StoreError;

/// Pieces of work that may wait for a thread; more are refused, since they would wait in vain. The callers batch, so
/// that a longer queue is a sign of a disk that hangs.
const QUEUE_LENGTH: usize = 1024;

type Work<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The thread, and the way to it. Dropping it finishes what is queued and waits for the thread.
pub(crate) struct Worker<T> {
    queue: Option<SyncSender<Work<T>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts a thread of this name that owns `state`.
    pub(crate) fn start(name: &str, state: T) -> Result<Worker<T>, StoreError> {
        let (queue, work) = sync_channel(QUEUE_LENGTH);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(state, &work));
        let thread = thread.map_err(|error| StoreError::Unavailable(format!("no thread for {name}: {error}")))?;
        Ok(Worker { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a piece of work at once, and answers when it is done. It is done even if nobody waits for the answer. A panic
    /// of the work is a refusal, the thread goes on.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> Result<R, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<R, StoreError>> {
        let (reply, answer) = oneshot::channel();
        let work: Work<T> = Box::new(move |state| {
            let result = catch_unwind(AssertUnwindSafe(|| work(state)));
            // Nobody waits any more if this fails.
            let _ = reply.send(result.unwrap_or_else(|panic| Err(StoreError::Refused(describe(panic.as_ref())))));
        });
        let sent = self.send(work);
        async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(stopped()))
        }
        .boxed()
    }

    fn send(&self, work: Work<T>) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.try_send(work).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable(format!("{QUEUE_LENGTH} requests wait already")),
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // Work that panics is caught, so the thread has nothing to say.
            let _ = thread.join();
        }
    }
}

fn run<T>(mut state: T, work: &Receiver<Work<T>>) {
    for work in work {
        work(&mut state);
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store's thread has ended".to_owned())
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
