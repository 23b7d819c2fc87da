//! HTTP/2 clients that cause much work: endless valid frames.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::client::Protocol;
use crate::findings::Findings;
use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, HEADERS, LONGEST, Method, PING, RST_STREAM,
    SETTINGS, header_block, opening, write_string,
};
use crate::honest::Honest;
use crate::process::Growth;
use crate::{raw, target};

/// Maximum duration of a flood, and of its end.
const LIMIT: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(3);

/// Maximum memory in KiB.
const MEMORY: u64 = 2_000;

/// Number of concurrent clients.
const CONNECTIONS: usize = 4;

struct Flood {
    name: &'static str,
    /// Frames that are sent once.
    begin: fn(&mut Vec<u8>),
    /// Frames that are repeated.
    wave: fn(u32, &mut Vec<u8>),
    waves: u32,
}

const FLOODS: [Flood; 6] = [
    Flood {
        name: "rapid reset",
        begin: |_| {},
        wave: |wave, bytes| {
            let block = header_block(Method::Get, "/");
            request(wave, END_HEADERS | END_STREAM, block).write_to(bytes);
            // 8: CANCEL
            Frame::of_stream(2 * wave + 1, RST_STREAM, 0, [0, 0, 0, 8]).write_to(bytes);
        },
        waves: 100_000,
    },
    Flood {
        name: "CONTINUATION",
        begin: |bytes| request(0, END_STREAM, header_block(Method::Get, "/")).write_to(bytes),
        wave: |_, bytes| {
            let mut block = vec![0];
            write_string("x", &mut block);
            write_string(&"y".repeat(1_000), &mut block);
            Frame::of_stream(1, CONTINUATION, 0, block).write_to(bytes);
        },
        waves: 100_000,
    },
    Flood {
        name: "empty DATA",
        begin: |bytes| {
            let block = header_block(Method::Post, "/body");
            request(0, END_HEADERS, block).write_to(bytes);
        },
        wave: |_, bytes| Frame::of_stream(1, DATA, 0, []).write_to(bytes),
        waves: 1_000_000,
    },
    Flood {
        name: "HPACK bomb",
        begin: |_| {},
        wave: bomb,
        waves: 1_000,
    },
    Flood {
        name: "PING",
        begin: |_| {},
        wave: |_, bytes| Frame::of_connection(PING, 0, [0; 8]).write_to(bytes),
        waves: 1_000_000,
    },
    Flood {
        name: "SETTINGS",
        begin: |_| {},
        wave: |_, bytes| Frame::of_connection(SETTINGS, 0, []).write_to(bytes),
        waves: 1_000_000,
    },
];

/// A request on the stream of this repetition.
fn request(wave: u32, flags: u8, block: Vec<u8>) -> Frame {
    Frame::of_stream(2 * wave + 1, HEADERS, flags, block)
}

/// A header of 4,000 bytes in the dynamic table, then so many references of one byte that a request
/// is 64 MiB (HPACK bomb).
fn bomb(wave: u32, bytes: &mut Vec<u8>) {
    let mut block = header_block(Method::Get, "/");
    if wave == 0 {
        block.push(0x40);
        write_string("x", &mut block);
        write_string(&"y".repeat(4_000), &mut block);
    }
    // 62, the first index of the dynamic table.
    block.resize(LONGEST, 0xbe);
    request(wave, END_HEADERS | END_STREAM, block).write_to(bytes);
}

pub(crate) async fn all() -> Result<Findings> {
    let mut findings = Findings::default();
    for flood in &FLOODS {
        flood.rise(&mut findings).await?;
    }
    Ok(findings)
}

impl Flood {
    /// Attacks a new server beside two honest clients.
    async fn rise(&'static self, findings: &mut Findings) -> Result<()> {
        let target = target::start().await?;
        let honest = Honest::start(&target.address, &[Protocol::Http1, Protocol::Http2]);
        // Wait until the honest clients' memory is allocated.
        sleep(Duration::from_secs(1)).await;
        let growth = Growth::from_now(target.id())?;
        let started = Instant::now();
        let floods: JoinSet<_> = (0..CONNECTIONS)
            .map(|_| self.pour(target.address.clone()))
            .collect();
        let ends = floods.join_all().await.into_iter();
        let ends = ends.collect::<Result<Vec<_>>>()?;
        let time = started.elapsed();

        let name = self.name;
        let codes: Vec<_> = ends.into_iter().flatten().collect();
        findings.note(format!("{name}: GOAWAY {codes:?} after {time:.1?}"));
        if codes.len() < CONNECTIONS {
            findings.fault(format!("{name}: only {} were told GOAWAY", codes.len()));
        }
        let what = format!("{name}: memory growth in KiB");
        findings.check(&what, growth.at_most()?, ..MEMORY);
        honest.stop().await.check_errors(findings);
        Ok(())
    }

    /// Error code of the final GOAWAY.
    async fn pour(&self, address: String) -> Result<Option<u32>> {
        let (reader, mut writer) = raw::connect(&address).await?.into_split();
        let mut reader = tokio::spawn(goaway(reader));
        let writing = async {
            let mut bytes = opening();
            (self.begin)(&mut bytes);
            for wave in 0..self.waves {
                (self.wave)(wave, &mut bytes);
                if bytes.len() > 64 * 1024 {
                    writer.write_all(&bytes).await?;
                    bytes.clear();
                }
            }
            writer.write_all(&bytes).await
        };
        tokio::select! {
            end = &mut reader => return Ok(end?),
            // A write fails when the connection is closed, with or without a GOAWAY.
            _ = timeout(LIMIT, writing) => {}
        }
        let end = timeout(PATIENCE, &mut reader).await;
        Ok(end.ok().transpose()?.flatten())
    }
}

/// Reads until a GOAWAY or the end of the connection.
async fn goaway(reader: OwnedReadHalf) -> Option<u32> {
    let mut reader = BufReader::new(reader);
    loop {
        let frame: io::Result<Frame> = Frame::read(&mut reader).await;
        if let Some(code) = frame.ok()?.error_code() {
            return Some(code);
        }
    }
}
