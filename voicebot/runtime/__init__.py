"""Running voicebot on a machine: processes, ports, and checks of the installation.

serve            `voicebot serve`: starts every process, keeps it running, stops it in order
child_processes  a child process: started, awaited, restarted, stopped
process          the life of every process: event loop, ready, stopping, exit codes
ports            addresses to listen on, bound before anything starts
start_checks     settings that cannot work, with which `serve` refuses to start
doctor           `voicebot doctor`: the same and more, one finding per line (check_…)
"""
