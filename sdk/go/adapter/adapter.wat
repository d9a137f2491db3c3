;; Go's runtime speaks WASI preview 1; a component imports WASI 0.2. This adapter stands between the two.
;;
;; Bytecode Alliance's adapter calls the host from most of its functions. Go's collector reads the clock and yields, and it may run
;; inside `cabi_realloc`, where a component must not call the host: the call traps with "cannot leave component instance"
;; after some thousands of calls (wasmtime issue 14318). So this adapter calls the host only from functions that never run
;; there: `sluice_refresh_clock`, which the SDK calls at the start of an export; `random_get`, which runs when the instance
;; starts and where the plugin asks for randomness; and `fd_write`, for what is printed.
;;
;; It has no memory of its own. Go's allocator takes the pages after its own for granted, so nobody else may grow the
;; memory; the SDK lends the adapter a buffer (`sluice_lend_buffer`).
(module
  (import "env" "memory" (memory 0))
  (import "sluice:plugin/log@0.2.1" "write" (func $log (param i32 i32 i32)))
  (import "wasi:clocks/wall-clock@0.2.0" "now" (func $wall_clock (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))

  ;; Nanoseconds since 1970. Not zero at first: Go refuses to start with such a clock.
  (global $now (mut i64) (i64.const 1000))
  ;; The lent buffer: 16 bytes for results of the host, then the line that is being printed.
  (global $buffer (mut i32) (i32.const 0))
  (global $buffer_size (mut i32) (i32.const 0))
  (global $line_length (mut i32) (i32.const 0))
  ;; Level of the line, as `log.level` numbers it.
  (global $line_level (mut i32) (i32.const 1))

  (func (export "sluice_lend_buffer") (param $buffer i32) (param $size i32)
    (global.set $buffer (local.get $buffer))
    (global.set $buffer_size (local.get $size)))

  ;; Takes the host's time. It never goes back, since Go's monotonic clock is the same one.
  (func (export "sluice_refresh_clock")
    (local $read i64)
    (call $wall_clock (global.get $buffer))
    (local.set $read
      (i64.add
        (i64.mul (i64.load (global.get $buffer)) (i64.const 1000000000))
        (i64.extend_i32_u (i32.load offset=8 (global.get $buffer)))))
    (if (i64.gt_u (local.get $read) (global.get $now))
      (then (global.set $now (local.get $read)))))

  ;; Each reading is a microsecond after the one before, so that loops that wait for a time end.
  (func (export "clock_time_get") (param $id i32) (param $precision i64) (param $result i32) (result i32)
    (global.set $now (i64.add (global.get $now) (i64.const 1000)))
    (i64.store (local.get $result) (global.get $now))
    (i32.const 0))
  (func (export "clock_res_get") (param $id i32) (param $result i32) (result i32)
    (i64.store (local.get $result) (i64.const 1000))
    (i32.const 0))

  ;; A sleep moves the clock on and returns at once. Anything but one sleep is not supported.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (local $until i64)
    (if (i32.or (i32.ne (local.get $count) (i32.const 1)) (i32.load8_u offset=8 (local.get $in)))
      (then (return (i32.const 52))))
    (local.set $until (i64.load offset=24 (local.get $in)))
    (if (i32.eqz (i32.load16_u offset=40 (local.get $in))) ;; not an absolute time
      (then (local.set $until (i64.add (local.get $until) (global.get $now)))))
    (if (i64.gt_u (local.get $until) (global.get $now))
      (then (global.set $now (local.get $until))))
    (i64.store (local.get $out) (i64.load (local.get $in))) ;; the caller's mark
    (i64.store offset=8 (local.get $out) (i64.const 0)) ;; no error, a clock
    (i32.store (local.get $events) (i32.const 1))
    (i32.const 0))

  (func (export "random_get") (param $to i32) (param $size i32) (result i32)
    (local $bits i64)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $size)))
        (if (i64.eqz (local.get $bits)) ;; all used
          (then (local.set $bits (call $random))))
        (i64.store8 (local.get $to) (local.get $bits))
        (local.set $bits
          (select
            (i64.const 0)
            (i64.shr_u (local.get $bits) (i64.const 8))
            (i32.eqz (i32.and (i32.sub (local.get $size) (i32.const 1)) (i32.const 7)))))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $size (i32.sub (local.get $size) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func $flush
    (if (global.get $line_length)
      (then
        (call $log
          (global.get $line_level)
          (i32.add (global.get $buffer) (i32.const 16))
          (global.get $line_length))
        (global.set $line_length (i32.const 0)))))

  ;; Go prints a panic in many small pieces: they are put together to lines, and each line is a line of the log.
  (func $print (param $byte i32)
    (if (i32.eqz (global.get $buffer)) (then (return)))
    (if (i32.eq (local.get $byte) (i32.const 10))
      (then (call $flush) (return)))
    (if (i32.ge_u (i32.add (global.get $line_length) (i32.const 16)) (global.get $buffer_size))
      (then (call $flush)))
    (i32.store8 offset=16
      (i32.add (global.get $buffer) (global.get $line_length))
      (local.get $byte))
    (global.set $line_length (i32.add (global.get $line_length) (i32.const 1))))

  (func (export "fd_write") (param $fd i32) (param $parts i32) (param $count i32) (param $written i32) (result i32)
    (local $at i32) (local $end i32) (local $total i32)
    (if (i32.gt_u (i32.sub (local.get $fd) (i32.const 1)) (i32.const 1))
      (then (return (i32.const 8)))) ;; neither standard output nor standard error
    (global.set $line_level (select (i32.const 1) (i32.const 3) (i32.eq (local.get $fd) (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $at (i32.load (local.get $parts)))
        (local.set $end (i32.add (local.get $at) (i32.load offset=4 (local.get $parts))))
        (local.set $total (i32.add (local.get $total) (i32.load offset=4 (local.get $parts))))
        (block $part_done
          (loop $byte
            (br_if $part_done (i32.ge_u (local.get $at) (local.get $end)))
            (call $print (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $byte)))
        (local.set $parts (i32.add (local.get $parts) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $total))
    (i32.const 0))

  ;; Go exits after a panic. A component cannot exit; it traps.
  (func (export "proc_exit") (param $code i32)
    (call $flush)
    unreachable)
  (func (export "proc_raise") (param i32) (result i32) unreachable)

  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; No arguments and no environment.
  (func $nothing (param $count i32) (param $size i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $size) (i32.const 0))
    (i32.const 0))
  (func $success2 (param i32 i32) (result i32) (i32.const 0))
  (export "args_sizes_get" (func $nothing))
  (export "args_get" (func $success2))
  (export "environ_sizes_get" (func $nothing))
  (export "environ_get" (func $success2))

  ;; No files and no sockets: every descriptor is a bad one (8), every path does not exist (44).
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_close") (param i32) (result i32) (i32.const 8))
  (func (export "fd_datasync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_flags") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_renumber") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_sync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_tell") (param i32 i32) (result i32) (i32.const 8))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 44))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 44))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (i32.const 44))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (i32.const 44))
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (i32.const 8))
)
