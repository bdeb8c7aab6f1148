//! A WebSocket that sends back what it is sent: RFC 6455 for the demo's page and the tests, no more.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Appended to the client's key before hashing (RFC 6455 §1.3).
const ACCEPT_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const OPCODE_CLOSE: u8 = 0x8;
const OPCODE_PING: u8 = 0x9;
const OPCODE_PONG: u8 = 0xA;
const FINAL_FRAME: u8 = 0x80;

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2).
pub(super) fn accept(key: &str) -> String {
    let salted = format!("{key}{ACCEPT_SUFFIX}");
    STANDARD.encode(digest::digest(
        &digest::SHA1_FOR_LEGACY_USE_ONLY,
        salted.as_bytes(),
    ))
}

/// Sends every message back until the peer closes.
///
/// # Errors
/// Ends with an error when the connection breaks or a frame is not one a client may send.
pub(super) async fn echo(upgraded: Upgraded) -> std::io::Result<()> {
    let mut stream = TokioIo::new(upgraded);
    loop {
        let (opcode, payload) = read_frame(&mut stream).await?;
        let answer = if opcode == OPCODE_PING {
            OPCODE_PONG
        } else {
            opcode
        };
        write_frame(&mut stream, answer, &payload).await?;
        if opcode == OPCODE_CLOSE {
            return stream.shutdown().await;
        }
    }
}

async fn read_frame(stream: &mut TokioIo<Upgraded>) -> std::io::Result<(u8, Vec<u8>)> {
    let [first, second] = read_array(stream).await?;
    if second & 0x80 == 0 {
        return Err(refused("a client's frame must be masked"));
    }
    let length = match second & 0x7F {
        126 => usize::from(u16::from_be_bytes(read_array(stream).await?)),
        127 => return Err(refused("a message of more than 64 KiB")),
        short => usize::from(short),
    };
    let mask: [u8; 4] = read_array(stream).await?;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Ok((first & 0x0F, payload))
}

async fn read_array<const N: usize>(stream: &mut TokioIo<Upgraded>) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn write_frame(
    stream: &mut TokioIo<Upgraded>,
    opcode: u8,
    payload: &[u8],
) -> std::io::Result<()> {
    let mut frame = vec![FINAL_FRAME | opcode];
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => frame.push(short),
        _ => {
            let length = u16::try_from(payload.len())
                .map_err(|_| refused("a message of more than 64 KiB"))?;
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    stream.write_all(&frame).await
}

fn refused(what: &'static str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #[test]
    fn accept_answers_the_key_of_the_rfc() {
        assert_eq!(
            super::accept("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
