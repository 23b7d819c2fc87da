//! An HTTP/1 connection for raw bytes.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;

/// Maximum number of concurrent connects. More would overflow the listener's queue, and a dropped SYN
/// is repeated after a second.
static CONNECTING: Semaphore = Semaphore::const_new(128);

pub(crate) async fn connect(address: &str) -> io::Result<TcpStream> {
    let _permit = CONNECTING.acquire().await;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(crate) struct Raw(BufReader<TcpStream>);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(address: &str) -> io::Result<Self> {
        Ok(Self(BufReader::new(connect(address).await?)))
    }

    /// Connects from this local address.
    pub(crate) async fn connect_from(from: [u8; 4], address: &str) -> crate::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(address.parse()?).await?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref()).await
    }

    /// Reads one response; `None` if the connection is closed before its first byte.
    pub(crate) async fn answer(&mut self) -> io::Result<Option<Answer>> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).await? > 0 {
                continue;
            }
            if head.is_empty() {
                return Ok(None);
            }
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no answer: {head}")))?;
        let length = header(&head, "content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).await?;
        Ok(Some(Answer { status, head, body }))
    }

    /// Sends a request and reads its response.
    pub(crate) async fn ask(&mut self, request: impl AsRef<[u8]>) -> io::Result<Answer> {
        self.send(request).await?;
        let answer = self.answer().await?;
        answer.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    /// Reads until the connection is closed or reset.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // After a reset, `rest` has the bytes before it.
        let _ = self.0.read_to_end(&mut rest).await;
        rest
    }

    /// Resets the connection; dropping it would close it.
    pub(crate) fn reset(self) -> io::Result<()> {
        self.0.get_ref().set_zero_linger()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}
