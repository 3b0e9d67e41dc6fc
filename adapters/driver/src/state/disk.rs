//! What is asked of the disk, so that tests can let each of it fail.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::layout::{JOURNAL, LOCK, unfinished};

/// No file of the folder is longer; what lies beyond is not read.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The files of one folder. The journal is open as long as the folder is.
pub(super) trait Disk: Send + Sync {
    /// A whole file; `None` if there is none.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;
    /// Fills the buffer from a file as far as that goes; `None` if there is none.
    fn read_part(&self, name: &str, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>>;
    /// Makes a file with this content.
    fn write(&self, name: &str, content: &[u8]) -> io::Result<()>;
    /// Adds to a file that is there.
    fn append(&self, name: &str, content: &[u8]) -> io::Result<()>;
    /// Takes a file away, if it is there.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Has a file's content on the disk before it returns.
    fn sync(&self, name: &str) -> io::Result<()>;
    /// Gives a file a name, also that of another one, which is gone then.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Has the files' names on the disk before it returns.
    fn sync_names(&self) -> io::Result<()>;
    /// The length of the journal.
    fn journal_length(&self) -> io::Result<u64>;
    /// Fills the buffer from the journal, with zeros behind its end.
    fn read_journal(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes into the journal, which grows if need be.
    fn write_journal(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Has the journal on the disk before it returns.
    fn sync_journal(&self) -> io::Result<()>;
}

/// Puts a file in the place of another so that a crash leaves the one or the other.
pub(super) fn replace(disk: &dyn Disk, name: &str, content: &[u8]) -> io::Result<()> {
    let new = unfinished(name);
    disk.write(&new, content)?;
    disk.sync(&new)?;
    disk.rename(&new, name)?;
    disk.sync_names()
}

/// The same for what need not outlive a loss of power, after which it may be torn: nobody waits for
/// the disk.
pub(super) fn replace_unsynchronised(
    disk: &dyn Disk,
    name: &str,
    content: &[u8],
) -> io::Result<()> {
    let new = unfinished(name);
    disk.write(&new, content)?;
    disk.rename(&new, name)
}

/// A folder of the file system.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    journal: File,
    /// Locked as long as it is open.
    _lock: Option<File>,
}

/// Why a folder cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    InUse,
    Io(io::Error),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Folder {
    /// Makes the folder if it is not there, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, Unusable> {
        make_folder(path)?;
        let lock = open(&to_write(), &path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Unusable::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let journal = open(to_write().read(true), &path.join(JOURNAL))?;
        Ok(Self {
            path: path.to_owned(),
            journal,
            _lock: Some(lock),
        })
    }

    /// A folder that is only looked at.
    pub(super) fn look_at(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            journal: open(&to_read(), &path.join(JOURNAL))?,
            _lock: None,
        })
    }
}

impl Disk for Folder {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match open(&to_read(), &self.path.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut content = Vec::new();
        file.take(LONGEST).read_to_end(&mut content)?;
        Ok(Some(content))
    }

    fn read_part(&self, name: &str, offset: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match open(&to_read(), &self.path.join(name)) {
            Ok(file) => fill(&file, offset, buffer).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn append(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = open(OpenOptions::new().append(true), &self.path.join(name))?;
        file.write_all(content)
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = open(to_write().truncate(true), &self.path.join(name))?;
        file.write_all(content)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        open(OpenOptions::new().write(true), &self.path.join(name))?.sync_all()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync_names(&self) -> io::Result<()> {
        // A folder cannot be opened so on Windows, where a rename is in the file system's log.
        if cfg!(windows) {
            return Ok(());
        }
        File::open(&self.path)?.sync_all()
    }

    fn journal_length(&self) -> io::Result<u64> {
        Ok(self.journal.metadata()?.len())
    }

    fn read_journal(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let done = fill(&self.journal, offset, buffer)?;
        buffer[done..].fill(0);
        Ok(())
    }

    fn write_journal(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(&self.journal, bytes, offset)
    }

    fn sync_journal(&self) -> io::Result<()> {
        self.journal.sync_data()
    }
}

/// Opens a file, and nothing else that has its name: a pipe would wait for its other end.
fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"))
        }
        Ok(_) | Err(_) => options.open(path),
    }
}

fn to_read() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

/// How a file is opened to be written: made if it is not there, for its owner alone.
fn to_write() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder for its owner alone, with those above it; one that is there stays as it is.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Fills the buffer as far as the file goes, and says how far.
fn fill(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read_at(file, &mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let at = offset + done as u64;
        match std::os::windows::fs::FileExt::seek_write(file, &bytes[done..], at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => done += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
