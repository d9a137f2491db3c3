//! Bytes that may be many: up to a bound they are kept in memory, beyond it in a temporary file without a name, which the
//! system removes when nothing holds it any more.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// Bytes that are kept in memory. More of them go to a file.
pub const MEMORY_BYTES_MAX: usize = 1 << 20;

/// Bytes that have been spooled. A clone shares them, and each reader reads on its own.
#[derive(Debug, Clone)]
pub struct Spooled(Kept);

#[derive(Debug, Clone)]
enum Kept {
    Memory(Bytes),
    File { file: Arc<File>, bytes: u64 },
}

impl From<Bytes> for Spooled {
    fn from(bytes: Bytes) -> Self {
        Self(Kept::Memory(bytes))
    }
}

impl Spooled {
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Kept::Memory(bytes) => bytes.len() as u64,
            Kept::File { bytes, .. } => *bytes,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, if it is in memory.
    #[must_use]
    pub fn in_memory(&self) -> Option<&Bytes> {
        match &self.0 {
            Kept::Memory(bytes) => Some(bytes),
            Kept::File { .. } => None,
        }
    }

    /// Up to `bytes_max` bytes from this place on; empty at the end.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub async fn read(&self, at: u64, bytes_max: usize) -> io::Result<Bytes> {
        let left = usize::try_from(self.len().saturating_sub(at)).unwrap_or(usize::MAX);
        let length = bytes_max.min(left);
        match &self.0 {
            Kept::Memory(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(at..at + length))
            }
            Kept::File { file, .. } => {
                let file = Arc::clone(file);
                beside(move || {
                    let mut read = vec![0; length];
                    file.read_exact_at(&mut read, at)?;
                    Ok(Bytes::from(read))
                })
                .await
            }
        }
    }
}

/// Takes bytes as they arrive.
#[derive(Default)]
pub struct Spool {
    memory: BytesMut,
    file: Option<Arc<File>>,
    in_file: u64,
}

impl Spool {
    /// # Errors
    /// The temporary file cannot be written: the disk may be full.
    pub async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.memory.extend_from_slice(bytes);
        match self.memory.len() > MEMORY_BYTES_MAX {
            true => self.write().await,
            false => Ok(()),
        }
    }

    async fn write(&mut self) -> io::Result<()> {
        let (bytes, file) = (self.memory.split().freeze(), self.file.take());
        self.in_file += bytes.len() as u64;
        let write = move || {
            let file = match file {
                Some(file) => file,
                None => Arc::new(tempfile::tempfile()?),
            };
            (&*file).write_all(&bytes)?;
            Ok(file)
        };
        self.file = Some(beside(write).await?);
        Ok(())
    }

    /// # Errors
    /// The temporary file cannot be written.
    pub async fn finish(mut self) -> io::Result<Spooled> {
        if self.file.is_some() && !self.memory.is_empty() {
            self.write().await?;
        }
        Ok(Spooled(match self.file {
            Some(file) => Kept::File {
                file,
                bytes: self.in_file,
            },
            None => Kept::Memory(self.memory.freeze()),
        }))
    }
}

/// Works with a file on a thread beside the workers: a disk may be slow.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn spooled(bytes: usize) -> Spooled {
        let mut spool = Spool::default();
        let content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        for piece in content.chunks(100_000) {
            spool.push(piece).await.unwrap();
        }
        spool.finish().await.unwrap()
    }

    #[tokio::test]
    async fn few_bytes_stay_in_memory_and_many_do_not() {
        for (bytes, is_in_memory) in [(0, true), (1000, true), (MEMORY_BYTES_MAX, true), (3_456_789, false)] {
            let spooled = spooled(bytes).await;
            assert_eq!(
                (spooled.len(), spooled.in_memory().is_some()),
                (bytes as u64, is_in_memory)
            );
        }
    }

    #[tokio::test]
    async fn what_was_written_is_read_from_any_place_by_any_reader() {
        let spooled = spooled(3_456_789).await;
        for at in [0_u64, 1, 1 << 20, 3_456_780] {
            let read = spooled.clone().read(at, 5000).await.unwrap();
            let expected = 5000.min(3_456_789 - at as usize);
            assert_eq!(read.len(), expected);
            let is_right = |(offset, byte): (usize, &u8)| *byte == ((at as usize + offset) % 251) as u8;
            assert!(read.iter().enumerate().all(is_right));
        }
        assert!(spooled.read(3_456_789, 10).await.unwrap().is_empty());
        assert!(spooled.read(u64::MAX, 10).await.unwrap().is_empty());
    }
}
