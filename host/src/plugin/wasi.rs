//! The part of WASI 0.2 that language runtimes need, without access to anything: no files, no environment, no
//! arguments, no sockets. What a guest prints is logged.
//!
//! wasmtime-wasi's own synchronous streams enter a tokio runtime, but the workers run in one already. Worlds that are
//! called synchronously therefore use the implementations below: they poll once, and a function that would have to wait
//! traps with an error that says so.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{self, sync};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, OutputStream, Pollable, StreamError, StreamResult,
};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};
use wasmtime_wasi_io::bindings::wasi::io as waiting;

use super::guest::Guest;
use super::imports::log::Printed;

/// Maximum bytes of one request for random bytes. The host allocates them before any limit of the guest applies.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// A context without any permission. Standard output and error are logged.
pub fn nothing(identity: &Arc<super::Identity>) -> WasiCtx {
    let printed = Printed::new(Arc::clone(identity));
    let mut context = WasiCtx::builder();
    context
        .stdout(printed.clone())
        .stderr(printed)
        .max_random_size(RANDOM_BYTES_MAX)
        .allow_tcp(false)
        .allow_udp(false);
    context.build()
}

/// Links WASI for worlds that are called synchronously.
///
/// # Errors
/// Never, if none of these are in the linker yet.
pub fn link_sync(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    link_shared(linker)?;
    sync::io::poll::add_to_linker::<Guest, Once>(linker, once)?;
    sync::io::streams::add_to_linker::<Guest, Once>(linker, once)?;
    sync::filesystem::types::add_to_linker::<Guest, WasiFilesystem>(linker, Guest::filesystem)
}

/// Links WASI for worlds that may wait.
///
/// # Errors
/// Never, if none of these are in the linker yet.
pub fn link_async(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    link_shared(linker)?;
    waiting::poll::add_to_linker::<Guest, Table>(linker, |guest| &mut guest.table)?;
    waiting::streams::add_to_linker::<Guest, Table>(linker, |guest| &mut guest.table)?;
    bindings::filesystem::types::add_to_linker::<Guest, WasiFilesystem>(linker, Guest::filesystem)
}

/// The functions that return at once in both kinds of worlds.
fn link_shared(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    waiting::error::add_to_linker::<Guest, Table>(linker, |guest| &mut guest.table)?;
    bindings::clocks::wall_clock::add_to_linker::<Guest, WasiClocks>(linker, Guest::clocks)?;
    bindings::clocks::monotonic_clock::add_to_linker::<Guest, WasiClocks>(linker, Guest::clocks)?;
    bindings::random::random::add_to_linker::<Guest, WasiRandom>(linker, Guest::random)?;
    bindings::random::insecure::add_to_linker::<Guest, WasiRandom>(linker, Guest::random)?;
    bindings::random::insecure_seed::add_to_linker::<Guest, WasiRandom>(linker, Guest::random)?;
    bindings::filesystem::preopens::add_to_linker::<Guest, WasiFilesystem>(linker, Guest::filesystem)?;
    bindings::cli::environment::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::exit::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::stdin::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::stdout::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::stderr::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::terminal_input::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::terminal_output::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::terminal_stdin::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::terminal_stdout::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)?;
    bindings::cli::terminal_stderr::add_to_linker::<Guest, WasiCli>(linker, Guest::cli)
}

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Streams and pollables whose blocking functions are polled once.
struct Once<'a>(&'a mut ResourceTable);

impl HasData for Once<'static> {
    type Data<'a> = Once<'a>;
}

fn once(guest: &mut Guest) -> Once<'_> {
    Once(&mut guest.table)
}

/// The result of a future that must be ready at once.
fn now<T>(future: impl Future<Output = T>) -> wasmtime::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(wasmtime::Error::msg(
            "the plugin would have to wait, and its kind is called synchronously: it cannot sleep or read",
        )),
    }
}

impl sync::io::poll::Host for Once<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        now(waiting::poll::Host::poll(self.0, pollables))?
    }
}

impl sync::io::poll::HostPollable for Once<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        now(waiting::poll::HostPollable::ready(self.0, pollable))?
    }
    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        now(waiting::poll::HostPollable::block(self.0, pollable))?
    }
    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        waiting::poll::HostPollable::drop(self.0, pollable)
    }
}

impl sync::io::streams::Host for Once<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<sync::io::streams::StreamError> {
        sync::io::streams::Host::convert_stream_error(self.0, error)
    }
}

/// [`now`] for functions that return a stream error.
fn now_stream<T>(future: impl Future<Output = StreamResult<T>>) -> StreamResult<T> {
    now(future).map_err(StreamError::Trap)?
}

impl sync::io::streams::HostOutputStream for Once<'_> {
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        now(waiting::streams::HostOutputStream::drop(self.0, stream))?
    }
    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        waiting::streams::HostOutputStream::check_write(self.0, stream)
    }
    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        waiting::streams::HostOutputStream::write(self.0, stream, bytes)
    }
    fn blocking_write_and_flush(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        now_stream(waiting::streams::HostOutputStream::blocking_write_and_flush(
            self.0, stream, bytes,
        ))
    }
    fn blocking_write_zeroes_and_flush(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        now_stream(waiting::streams::HostOutputStream::blocking_write_zeroes_and_flush(
            self.0, stream, len,
        ))
    }
    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        waiting::streams::HostOutputStream::subscribe(self.0, stream)
    }
    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        waiting::streams::HostOutputStream::write_zeroes(self.0, stream, len)
    }
    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        waiting::streams::HostOutputStream::flush(self.0, stream)
    }
    fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        now_stream(waiting::streams::HostOutputStream::blocking_flush(self.0, stream))
    }
    fn splice(&mut self, to: Resource<DynOutputStream>, from: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        waiting::streams::HostOutputStream::splice(self.0, to, from, len)
    }
    fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        now_stream(waiting::streams::HostOutputStream::blocking_splice(
            self.0, to, from, len,
        ))
    }
}

impl sync::io::streams::HostInputStream for Once<'_> {
    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        now(waiting::streams::HostInputStream::drop(self.0, stream))?
    }
    fn read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        waiting::streams::HostInputStream::read(self.0, stream, len)
    }
    fn blocking_read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        now_stream(waiting::streams::HostInputStream::blocking_read(self.0, stream, len))
    }
    fn skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        waiting::streams::HostInputStream::skip(self.0, stream, len)
    }
    fn blocking_skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        now_stream(waiting::streams::HostInputStream::blocking_skip(self.0, stream, len))
    }
    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        waiting::streams::HostInputStream::subscribe(self.0, stream)
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.print(&bytes);
        Ok(())
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(4096)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}
