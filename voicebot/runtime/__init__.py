"""Running voicebot on a machine: processes, ports, and checks of the installation.

serve            `voicebot serve`: starts every process, keeps it running, stops it in order
child_processes  a child process: started, awaited, restarted, stopped
started          a program that another one runs for a while
process          the life of every process: event loop, ready, stopping, exit codes
data_dir         the data directory: owned by one `serve`; the folder of its metrics
parts            the parts that `--only` spreads over machines
ports            addresses to listen on, bound before anything starts
doctor           the checks (check_…): `voicebot doctor` shows what they find, `serve` refuses to
                 start where a requirement of one is not met
"""
