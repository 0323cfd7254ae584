//! QUIC's datagrams on the simulated network: lost, doubled, late and out of order.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use tokio::sync::mpsc;
use turmoil::net::UdpSocket;

use super::history::History;

/// Datagrams that have come and that QUIC has not fetched.
const WAITING_MAX: usize = 4096;
/// Longest datagram.
const DATAGRAM_BYTES_MAX: usize = 2048;

/// How bad the network is at a moment; shared by all sockets of a world.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// How many of a thousand datagrams are lost.
    pub lost: u32,
    /// How many of a thousand arrive twice.
    pub doubled: u32,
}

/// A socket of the simulated network, as QUIC sees one.
pub struct SimSocket {
    socket: Arc<UdpSocket>,
    arrived: Mutex<mpsc::Receiver<(Vec<u8>, SocketAddr)>>,
    weather: Arc<Mutex<Weather>>,
    rng: Mutex<ChaCha8Rng>,
    history: History,
    host: usize,
}

impl fmt::Debug for SimSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSocket").field("host", &self.host).finish_non_exhaustive()
    }
}

impl SimSocket {
    /// Binds a socket on the host that runs this.
    pub async fn bind(
        port: u16,
        host: usize,
        weather: Arc<Mutex<Weather>>,
        rng: ChaCha8Rng,
        history: History,
    ) -> io::Result<Arc<Self>> {
        let socket = Arc::new(UdpSocket::bind(("0.0.0.0", port)).await?);
        let (tell, arrived) = mpsc::channel(WAITING_MAX);
        let receiving = Arc::clone(&socket);
        tokio::spawn(async move {
            let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
            while let Ok((length, from)) = receiving.recv_from(&mut buffer).await {
                if tell.send((buffer[..length].to_vec(), from)).await.is_err() {
                    break;
                }
            }
        });
        let (arrived, rng) = (Mutex::new(arrived), Mutex::new(rng));
        Ok(Arc::new(Self { socket, arrived, weather, rng, history, host }))
    }

    /// How often a datagram arrives.
    fn copies(&self) -> usize {
        let weather = *self.weather.lock().unwrap_or_else(PoisonError::into_inner);
        let dice = self.rng.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..1000);
        match dice {
            lost if lost < weather.lost => 0,
            doubled if doubled < weather.lost + weather.doubled => 2,
            _ => 1,
        }
    }
}

/// Always ready: the simulated network has no full buffers.
#[derive(Debug)]
struct Ready;

impl UdpPoller for Ready {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncUdpSocket for SimSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Ready)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let datagram = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        for datagram in transmit.contents.chunks(datagram) {
            let copies = self.copies();
            self.history.wire(self.host, datagram.len(), copies);
            for _ in 0..copies {
                self.socket.try_send_to(datagram, transmit.destination)?;
            }
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((datagram, addr)) = ready!(arrived.poll_recv(cx)) else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        buffers[0][..datagram.len()].copy_from_slice(&datagram);
        meta[0] = RecvMeta { addr, len: datagram.len(), stride: datagram.len(), ecn: None, dst_ip: None };
        Poll::Ready(Ok(1))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn may_fragment(&self) -> bool {
        false
    }
}
