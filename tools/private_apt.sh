# Sourced by others: packages of another Debian suite, without touching a file of the system.
#
#   private_apt DIR SUITE   make an apt state of its own in DIR that asks the machine's own mirror for one other suite;
#                           apt-get -c DIR/apt.conf then fetches from it
private_apt() {
  local dir=$1 suite=$2 mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -v security | head -1)
  [ -n "$mirror" ] || return 1
  mkdir -p "$dir"/{lists/partial,cache/archives/partial,state,parts}
  : >"$dir/state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$dir/sources.list"
  cat >"$dir/apt.conf" <<CONF
Dir::State "$dir/state"; Dir::State::lists "$dir/lists"; Dir::State::status "$dir/state/status";
Dir::Cache "$dir/cache"; Dir::Etc::sourcelist "$dir/sources.list"; Dir::Etc::sourceparts "$dir/parts";
Dir::Etc::preferencesparts "$dir/parts"; Acquire::Languages "none"; APT::Sandbox::User "root";
CONF
  apt-get -c "$dir/apt.conf" update -qq
}
