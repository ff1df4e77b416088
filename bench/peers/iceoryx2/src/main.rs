// iceoryx2: publish-subscribe of bytes; to sleep, an event service beside it. The same roles,
// arguments and lines of output as the programs made of ../role.hpp.
use core::time::Duration;
use iceoryx2::port::{listener::Listener, notifier::Notifier, publisher::Publisher, subscriber::Subscriber};
use iceoryx2::prelude::*;
use std::io::Write;
use std::time::Instant;

type Error = Box<dyn std::error::Error>;
const LAST: u64 = u64::MAX;
const WHOLE_UP_TO: usize = 64 * 1024;
const PAGE: usize = 4096;

extern "C" {
    fn sched_yield() -> i32;
    fn sched_setaffinity(pid: i32, size: usize, mask: *const u64) -> i32;
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

fn now_ns() -> u64 {
    let mut t = [0i64; 2];
    unsafe { clock_gettime(1, &mut t) };
    t[0] as u64 * 1_000_000_000 + t[1] as u64
}

#[derive(Clone)]
struct Options {
    role: String,
    label: String,
    size: usize,
    seconds: f64,
    senders: usize,
    receivers: usize,
    id: usize,
    sleep: bool,
    yields: bool,
}

fn options() -> Options {
    let mut arguments = std::env::args().skip(1);
    let mut o = Options {
        role: arguments.next().expect("ROLE KEY=VALUE..."),
        label: String::new(),
        size: 64,
        seconds: 0.3,
        senders: 1,
        receivers: 1,
        id: 0,
        sleep: false,
        yields: false,
    };
    for text in arguments {
        let (key, value) = text.split_once('=').expect("KEY=VALUE");
        match key {
            "label" => o.label = value.into(),
            "size" => o.size = value.parse().unwrap(),
            "seconds" => o.seconds = value.parse().unwrap(),
            "senders" => o.senders = value.parse().unwrap(),
            "receivers" => o.receivers = value.parse().unwrap(),
            "id" => o.id = value.parse().unwrap(),
            "cpu" => {
                let mask = 1u64 << value.parse::<u32>().unwrap();
                unsafe { sched_setaffinity(0, 8, &mask) };
            }
            "wait" => {
                o.sleep = value == "sleep";
                o.yields = value == "yield";
            }
            _ => {}
        }
    }
    o
}

fn begin() {
    println!("ready");
    std::io::stdout().flush().unwrap();
    wait_for_line();
}

fn wait_for_line() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

fn word(m: &[u8]) -> u64 {
    u64::from_ne_bytes(m[..8].try_into().unwrap())
}

fn write_message(to: &mut [u8], sender: usize, number: u64) {
    let first = if number == LAST { LAST } else { (sender as u64) << 48 | number };
    if to.len() <= WHOLE_UP_TO {
        to.fill((number & 0x7f) as u8);
    } else {
        let mut i = 0;
        while i + 8 <= to.len() {
            to[i..i + 8].copy_from_slice(&number.to_ne_bytes());
            i += PAGE;
        }
    }
    to[..8].copy_from_slice(&first.to_ne_bytes());
}

struct Checker {
    left: usize,
    next: Vec<u64>,
    received: u64,
    bad: u64,
}

impl Checker {
    fn see(&mut self, m: &[u8]) -> bool {
        let first = word(m);
        if first == LAST {
            self.left -= 1;
            return self.left != 0;
        }
        let number = first & 0xffff_ffff_ffff;
        let sender = (first >> 48) as usize;
        self.received += 1;
        if sender >= self.next.len() || self.next[sender] != number {
            self.bad += 1;
        } else {
            self.next[sender] += 1;
        }
        let mut differs = 0u64;
        if m.len() <= WHOLE_UP_TO {
            let fill = (number & 0x7f) * 0x0101_0101_0101_0101;
            for w in m.chunks_exact(8).skip(1) {
                differs |= word(w) ^ fill;
            }
        } else {
            let mut i = PAGE;
            while i + 8 <= m.len() {
                differs |= word(&m[i..]) ^ number;
                i += PAGE;
            }
        }
        if differs != 0 {
            self.bad += 1;
        }
        true
    }
}

struct Out {
    publisher: Publisher<ipc::Service, [u8], ()>,
    notifier: Option<Notifier<ipc::Service>>,
    size: usize,
}

struct In {
    subscriber: Subscriber<ipc::Service, [u8], ()>,
    listener: Option<Listener<ipc::Service>>,
    yields: bool,
}

macro_rules! service {
    ($node:expr, $o:expr, $channel:expr) => {
        $node
            .service_builder(&format!("{}/{}", $o.label, $channel).as_str().try_into()?)
            .publish_subscribe::<[u8]>()
            .enable_safe_overflow(false)
            .subscriber_max_buffer_size(if $o.size > WHOLE_UP_TO { 4 } else { 256 })
            .max_subscribers($o.receivers.max(2))
            .max_publishers($o.senders.max(2))
            .max_nodes($o.receivers + $o.senders + 4)
            .open_or_create()?
    };
}

macro_rules! bell {
    ($node:expr, $o:expr, $channel:expr) => {
        $node
            .service_builder(&format!("{}/{}/bell", $o.label, $channel).as_str().try_into()?)
            .event()
            .max_listeners($o.receivers.max(2))
            .max_notifiers($o.senders.max(2))
            .max_nodes($o.receivers + $o.senders + 4)
            .open_or_create()?
    };
}

fn open_in(node: &Node<ipc::Service>, o: &Options, channel: &str) -> Result<In, Error> {
    let service = service!(node, o, channel);
    let listener = if o.sleep { Some(bell!(node, o, channel).listener_builder().create()?) } else { None };
    let subscriber = service.subscriber_builder().create()?;
    Ok(In { subscriber, listener, yields: o.yields })
}

fn open_out(node: &Node<ipc::Service>, o: &Options, channel: &str) -> Result<Out, Error> {
    let service = service!(node, o, channel);
    let notifier = if o.sleep { Some(bell!(node, o, channel).notifier_builder().create()?) } else { None };
    let publisher = service
        .publisher_builder()
        .initial_max_slice_len(o.size)
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()?;
    while service.dynamic_config().number_of_subscribers() < o.receivers {
        std::thread::sleep(Duration::from_millis(1));
    }
    publisher.update_connections()?;
    Ok(Out { publisher, notifier, size: o.size })
}

impl Out {
    fn send(&self, fill: impl FnOnce(&mut [u8])) -> Result<(), Error> {
        let sample = self.publisher.loan_slice_uninit(self.size)?;
        let mut sample = unsafe { sample.assume_init() };
        fill(sample.payload_mut());
        sample.send()?;
        if let Some(bell) = &self.notifier {
            bell.notify()?;
        }
        Ok(())
    }
}

impl In {
    fn receive<T>(&self, see: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        loop {
            if let Some(sample) = self.subscriber.receive()? {
                return Ok(see(sample.payload()));
            }
            if let Some(bell) = &self.listener {
                bell.blocking_wait(|_| {})?;
            } else if self.yields {
                unsafe { sched_yield() };
            }
        }
    }
}

fn quantile(samples: &mut [f64], share: f64) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    samples.sort_by(f64::total_cmp);
    samples[(share * (samples.len() - 1) as f64 + 0.5) as usize]
}

fn quantiles(samples: &mut [f64]) -> String {
    let all: Vec<String> = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]
        .iter()
        .map(|s| format!("[{},{:.1}]", s, quantile(samples, *s)))
        .collect();
    format!("[{}]", all.join(","))
}

fn run(o: Options) -> Result<(), Error> {
    set_log_level(LogLevel::Error);
    let node = NodeBuilder::new().create::<ipc::Service>()?;
    let end = |m: &mut [u8]| write_message(m, 0, LAST);
    match o.role.as_str() {
        "ping" => {
            let back = open_in(&node, &o, "pong")?;
            let there = open_out(&node, &o, "ping")?;
            begin();
            let trip = || -> Result<(), Error> {
                there.send(|m| write_message(m, 0, 1))?;
                back.receive(|_| ())
            };
            let half = Duration::from_secs_f64(o.seconds / 2.0);
            let batch = if o.sleep { 8 } else { 64 };
            for _ in 0..20 * batch {
                trip()?;
            }
            let mut batches = Vec::new();
            let until = Instant::now() + half;
            while Instant::now() < until {
                let from = now_ns();
                for _ in 0..batch {
                    trip()?;
                }
                batches.push((now_ns() - from) as f64 / 2.0 / batch as f64);
            }
            let mut singles = Vec::new();
            let until = now_ns() + half.as_nanos() as u64;
            let mut from = now_ns();
            while from < until {
                trip()?;
                let now = now_ns();
                singles.push((now - from) as f64 / 2.0);
                from = now;
            }
            there.send(end)?;
            back.receive(|_| ())?;
            println!(
                "{{\"one_way_ns\":{:.1},\"round_trips\":{},\"quantiles\":{}}}",
                quantile(&mut batches, 0.5),
                singles.len(),
                quantiles(&mut singles)
            );
        }
        "pong" => {
            let here = open_in(&node, &o, "ping")?;
            let back = open_out(&node, &o, "pong")?;
            begin();
            loop {
                let last = here.receive(|m| word(m) == LAST)?;
                back.send(|m| write_message(m, 0, 2))?;
                if last {
                    break;
                }
            }
            println!("{{}}");
            wait_for_line();
        }
        "send" | "wake" => {
            let out = open_out(&node, &o, "data")?;
            begin();
            if o.role == "send" {
                let from = now_ns();
                let until = from + (o.seconds * 1e9) as u64;
                let mut sent = 0u64;
                while sent % 16 != 0 || now_ns() < until {
                    out.send(|m| write_message(m, o.id, sent))?;
                    sent += 1;
                }
                out.send(end)?;
                println!("{{\"sent\":{},\"begin\":{}}}", sent, from);
            } else {
                for _ in 0..(o.seconds * 1000.0 / 2.0) as u64 + 10 {
                    std::thread::sleep(Duration::from_millis(2));
                    out.send(|m| {
                        m.fill(0);
                        m[8..16].copy_from_slice(&now_ns().to_ne_bytes());
                    })?;
                }
                out.send(end)?;
                println!("{{}}");
            }
            wait_for_line();
        }
        "receive" => {
            let input = open_in(&node, &o, "data")?;
            begin();
            let mut c = Checker { left: o.senders, next: vec![0; o.senders], received: 0, bad: 0 };
            while input.receive(|m| c.see(m))? {}
            println!("{{\"received\":{},\"bad\":{},\"end\":{}}}", c.received, c.bad, now_ns());
        }
        "sleep" => {
            let input = open_in(&node, &o, "data")?;
            begin();
            let mut times = Vec::new();
            while input.receive(|m| {
                if word(m) == LAST {
                    return false;
                }
                times.push((now_ns() - word(&m[8..])) as f64);
                true
            })? {}
            let mut warm = times.split_off(10.min(times.len()));
            println!(
                "{{\"wake_ns\":{:.1},\"p99\":{:.1},\"quantiles\":{}}}",
                quantile(&mut warm, 0.5),
                quantile(&mut warm, 0.99),
                quantiles(&mut warm)
            );
        }
        _ => {}
    }
    Ok(())
}

fn main() {
    if let Err(e) = run(options()) {
        eprintln!("peer_iceoryx2: {e:?}");
        std::process::exit(1);
    }
}
