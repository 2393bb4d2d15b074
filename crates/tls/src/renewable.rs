//! What is made of files, and made anew when they change: [`Renewable`].

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use crate::{PemFile, TlsError};

/// How often the files are looked at: a renewed certificate is taken up soon, and a few small files are read in no time.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Something made of files. New connections take what is current; those that are open keep what they have.
pub struct Renewable<T> {
    files: Vec<PemFile>,
    make: Box<dyn Fn() -> Result<T, TlsError> + Send + Sync>,
    marks: RandomState,
    /// What the files were when they were looked at last; contents that were bad then are not tried again.
    seen: Mutex<Vec<Option<u64>>>,
    current: RwLock<Arc<T>>,
}

impl<T> fmt::Debug for Renewable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewable").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Renewable<T> {
    /// Makes it for the first time.
    pub(crate) fn open(
        files: Vec<PemFile>,
        make: impl Fn() -> Result<T, TlsError> + Send + Sync + 'static,
    ) -> Result<Arc<Renewable<T>>, TlsError> {
        let marks = RandomState::new();
        // First what they are, then what they hold: a change in between is found at the next look.
        let seen = look(&files, &marks);
        let current = RwLock::new(Arc::new(make()?));
        Ok(Arc::new(Renewable { files, make: Box::new(make), marks, seen: Mutex::new(seen), current }))
    }

    /// What the files said when they were good last.
    pub fn current(&self) -> Arc<T> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files every few seconds, and makes it anew when they have changed. What can't be used is logged, and the
    /// old one kept. Ends only if there are no files; drop it to stop.
    pub async fn keep(self: Arc<Renewable<T>>) {
        while !self.files.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
            let this = self.clone();
            let looked = tokio::task::spawn_blocking(move || this.renew());
            match looked.await {
                Ok(Ok(true)) => tracing::info!(files = %self.names(), "certificates were renewed"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::error!(%error, hint = error.hint, "what was in use before stays in use"),
                Err(_) => return,
            }
        }
    }

    /// Makes it anew if the files have changed since the last look; says whether it did.
    pub(crate) fn renew(&self) -> Result<bool, TlsError> {
        let found = look(&self.files, &self.marks);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == found {
            return Ok(false);
        }
        *seen = found;
        let made = Arc::new((self.make)()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = made;
        Ok(true)
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.files.iter().map(|file| file.path.display().to_string()).collect();
        names.join(", ")
    }
}

/// A mark of each file's content; `None` for one that can't be read. Keys are not kept.
fn look(files: &[PemFile], marks: &RandomState) -> Vec<Option<u64>> {
    files.iter().map(|file| Some(marks.hash_one(file.content().ok()?))).collect()
}
