# frontend.sh: our frontend in dom0 reads, writes and measures the disk xvda, whose image as the backend has it is
# IMAGE; the backend is somebody else's.

# feature NAME FIELD: what xenblk info says of a feature.
feature() { jq -r ".features[] | select(.name == \"$1\") | .$2" info.json; }

exercise() {
  step "info"
  xenblk info xvda --json >info.json
  xenblk info xvda
  [[ $(jq .sizeBytes info.json) == "$(stat -c %s "$IMAGE")" ]] || fail "the disk has not the size of the image"

  step "reading it all"
  xenblk cp xvda read.raw
  same_bytes "$IMAGE" read.raw "what was read is not the image"

  step "writing it all, and flushing"
  random_file new.raw "$(($(stat -c %s "$IMAGE") >> 20))"
  xenblk cp new.raw xvda
  same_bytes "$IMAGE" new.raw "the image is not what was written"

  step "odd lengths"
  local length
  for length in 512 3584 4608 45056 45568 131584 1049088; do
    head -c "$length" /dev/urandom >piece.raw
    xenblk cp piece.raw xvda
    dd if=piece.raw of=new.raw conv=notrunc status=none
  done
  same_bytes "$IMAGE" new.raw "after odd lengths the image is not what was written"
  xenblk cp xvda - | cmp - new.raw || fail "what was read is not what was written"

  step "every size, direct and indirect, reading; then writing too, which checks what it wrote"
  local points=(--depths "1,8" --seconds 0.1 --repeats 1 --no-baselines)
  xenblk bench xvda --sizes 4K,44K,64K,128K,1M "${points[@]}"
  xenblk cp xvda - | cmp - new.raw || fail "reading changed the disk"
  xenblk bench xvda --overwrite --sizes 4K,44K,64K,1M "${points[@]}"
}
