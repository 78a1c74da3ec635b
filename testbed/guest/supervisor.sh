# supervisor.sh: a backend that is killed again and again, and started again as a supervisor of processes does.

# Where guests want all of the one processor, the supervisor would come to its turn late.
xl sched-credit2 -d 0 -w 512

# supervise NAME ARGUMENT...: xenblk serve, started again whenever it was killed, until it ends by itself (0: its disks
# were taken away; 2: their domains are gone, before it could see that), or there is a file "stop", or the scenario has
# ended.
supervise() {
  local name=$1 code
  shift
  while [[ ! -e stop && -d $WORK ]]; do
    code=0
    xenblk serve --json --machine xen "$@" >>"$name.out" 2>>"$name.err" || code=$?
    ((code != 0 && code != 2)) || break
    nap 0.1
  done
}

# kill_it NAME: kills the process, and waits for the next one to be ready.
kill_it() {
  local before
  before=$(grep -c '"xenblk.ready/' "$1.out")
  pkill -9 -x xenblk
  until_true 60 "it is not started again" is_ready_again "$1" "$before"
}
is_ready_again() { (($(grep -c '"xenblk.ready/' "$1.out") > $2)); }

supervisor_ends() {
  touch stop
  pkill -x xenblk || true
  wait
}
