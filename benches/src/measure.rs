//! Runs a contender under callgrind and counts.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const CONNECTIONS: usize = 4;
/// Requests per connection in the short and in the long run.
const ROUNDS: (usize, usize) = (100, 600);

struct Work {
    name: &'static str,
    request: &'static str,
}

const WORKS: [Work; 3] = [
    Work {
        name: "item",
        request: "GET /posts/7 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n",
    },
    Work {
        name: "list of 10",
        request: "GET /posts?page=2&limit=10 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n",
    },
    Work {
        name: "create",
        request: "POST /posts HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: 45\r\n\r\n{\"title\": \"A new post here\",\"published\":true}",
    },
];

/// Prints a table: a row per work, instructions per request of each contender.
pub(crate) fn run(contenders: &[&str]) -> Result<(), Box<dyn Error>> {
    print!("{:12}", "");
    for contender in contenders {
        print!("{contender:>14}");
    }
    println!("{:>14}", "last/first");
    for work in &WORKS {
        print!("{:12}", work.name);
        let mut figures = Vec::new();
        let mut answers = Vec::new();
        for contender in contenders {
            let (short, answer) = instructions(contender, work, ROUNDS.0)?;
            let (long, _) = instructions(contender, work, ROUNDS.1)?;
            let per_request = (long - short) / (CONNECTIONS * (ROUNDS.1 - ROUNDS.0)) as u64;
            print!("{per_request:>14}");
            std::io::stdout().flush()?;
            figures.push(per_request);
            answers.push(answer);
        }
        if answers.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(format!("the contenders answer differently: {answers:#?}").into());
        }
        // In thousandths, so that whole numbers do.
        let ratio = figures[figures.len() - 1] * 1000 / figures[0];
        println!("{:>10}.{:03}", ratio / 1000, ratio % 1000);
    }
    Ok(())
}

/// The instructions of a whole run, and the body of an answer.
fn instructions(
    contender: &str,
    work: &Work,
    rounds: usize,
) -> Result<(u64, String), Box<dyn Error>> {
    let mut server = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--"])
        .arg(std::env::current_exe()?)
        .args(["serve", contender])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().ok_or("no stdout")?).read_line(&mut address)?;
    let outcome = load(address.trim(), work.request, rounds);
    drop(server.stdin.take());
    let collected = collected(&mut server)?;
    Ok((collected, outcome?))
}

fn load(address: &str, request: &str, rounds: usize) -> Result<String, Box<dyn Error>> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(BufReader::new(TcpStream::connect(address)?));
    }
    let mut last = String::new();
    for _ in 0..rounds {
        for connection in &mut connections {
            connection.get_mut().write_all(request.as_bytes())?;
        }
        for connection in &mut connections {
            last = response(connection)?;
        }
    }
    Ok(last)
}

fn response(connection: &mut BufReader<TcpStream>) -> Result<String, Box<dyn Error>> {
    let mut length = 0;
    let mut line = String::new();
    connection.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 20") {
        return Err(format!("answered {line:?}").into());
    }
    loop {
        line.clear();
        connection.read_line(&mut line)?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse()?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(String::from_utf8(body)?)
}

/// callgrind's last word: `Collected : 123`.
fn collected(server: &mut Child) -> Result<u64, Box<dyn Error>> {
    let mut log = String::new();
    server
        .stderr
        .take()
        .ok_or("no stderr")?
        .read_to_string(&mut log)?;
    server.wait()?;
    let figure = log.lines().find_map(|line| line.split_once("Collected :"));
    let (_, figure) = figure.ok_or_else(|| format!("callgrind said nothing: {log}"))?;
    Ok(figure.trim().parse()?)
}
