# supervisor.sh: a backend that is killed again and again, and started again as a supervisor of processes does.

# supervise NAME ARGUMENT...: xenblk serve, started again whenever it was killed, until there is a file "stop" or
# "stop.NAME", or the scenario has ended.
supervise() {
  local name=$1
  shift
  while [[ ! -e stop && ! -e stop.$name && -d $WORK ]]; do
    xenblk serve --json --machine xen "$@" >>"$name.out" 2>>"$name.err" || true
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
